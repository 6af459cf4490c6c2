"""`python -m ketsched`: the command line, wherever the package is found."""

from ketsched.cli import main

if __name__ == "__main__":
    main()
