"""
Print the oldest versions that pyproject.toml allows, as constraints for pip.

    python tests/environments/oldest.py > constraints.txt

Those of the library and of the extras that it imports; what only the tests need stays as new as it is.
pip refuses a set that cannot be had, so a bound that another package overrides is seen.
"""

import re
import tomllib
from pathlib import Path

IMPORTED = ("caldav", "keyring")


def main() -> None:
    """Print a line for each dependency."""
    text = Path(__file__).parents[2].joinpath("pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    for stated in (*project["dependencies"], *(one for extra in IMPORTED for one in extras[extra])):
        bound = re.fullmatch(r"([\w-]+)>=([\w.]+)", stated)
        if bound is None:
            raise SystemExit(f"{stated}: no lower bound")
        print(f"{bound[1]}=={bound[2]}")  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
