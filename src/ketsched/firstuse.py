"""Names that are imported when they are first used (PEP 562), so that a program waits for what it uses alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def at_first_use(
    module: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """
    Return `__getattr__` and `__dir__` of a module whose names come from others.

    Args:
        module: Its name.
        homes: Of each name the module below `ketsched` that has it.
    """
    names = vars(sys.modules[module])

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"ketsched.{homes[name]}"), name)
        names[name] = found
        return found

    def listed() -> list[str]:
        return sorted({*homes, *(name for name in names if name.startswith("__"))})

    return load, listed
