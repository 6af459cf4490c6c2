"""`python -m ketsched.cli` is the command `ketsched`."""

from ketsched.cli import main

if __name__ == "__main__":  # not in processes that this one starts
    main()
