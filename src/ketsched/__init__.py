"""ketsched plans courses of ketamine treatment."""
