"""`python -m ketsched.cli` is the command `ketsched`."""

from ketsched.cli import main

main()
