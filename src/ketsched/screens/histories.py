"""The revisions of a course in words."""

from __future__ import annotations

from ketsched.model import Course
from ketsched.screens import Table


def headline(course: Course, revision: int) -> str:
    """Say in one line what a revision was; the first one is 0, and is called revision 1."""
    made = course.revisions[revision]
    at = "" if made.at is None else f" of {made.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"revision {revision + 1}{at}: {made.what}"


def revisions_table(course: Course) -> Table:
    """List what was done to a course, when and by whom."""
    columns = ("revision", "when", "what", "who", "bookings changed", "why, and what to know")
    rows = (
        (
            str(number),
            "" if revision.at is None else f"{revision.at:%Y-%m-%d %H:%M}Z",
            revision.what,
            revision.who,
            str(len(revision.changes)) if number > 1 else "",
            "\n".join(filter(None, [revision.why, *revision.remarks])),
        )
        for number, revision in enumerate(course.revisions, 1)
    )
    return Table(columns, tuple(rows))
