"""Lines of a screen, at most 80 columns wide: texts that hang under their beginning, and cells in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from ketsched.checking import Severity

WIDTH = 80
"""Columns of a screen, on a terminal and in a pipe."""
_LEAST = 18
"""Columns that the last cell of a row has at least (house default)."""
_NAME = 16
"""Columns that a cell which gives way keeps (house default)."""
MARKS = {Severity.ERROR: "x", Severity.WARNING: "!", Severity.INFO: " "}
"""What stands before a problem, a warning and a note."""


def hung(before: str, text: str, *, at: int | None = None) -> str:
    """
    Return a text behind a beginning; its further lines begin under the text.

    Args:
        before: What stands before the first line.
        text: The text.
        at: Where further lines begin, if not under the text.
    """
    indent = len(before) if at is None else at
    lines = wrap(text, WIDTH, initial_indent=before, subsequent_indent=" " * indent, break_on_hyphens=False)
    return "\n".join(lines) or before.rstrip()


def paragraph(text: str, *, indent: int = 0) -> str:
    """Return a text in lines."""
    return hung(" " * indent, text)


def within(line: str) -> str:
    """Return a line as it is, or broken into several if it is too long; a command that one types stays in one."""
    return line if len(line) <= WIDTH or line.lstrip().startswith("ketsched ") else paragraph(line)


def marked(severity: Severity, text: str) -> str:
    """Return a text behind the mark of a problem or a warning."""
    return hung(f"{MARKS[severity]} ", text)


def sides(left: str, right: str) -> str:
    """Return two texts at both ends of a line, or below each other where they do not fit."""
    room = WIDTH - 1 - len(left) - len(right)
    return f"{left}{' ' * room}{right}" if room >= 2 else f"{paragraph(left)}\n{right:>{WIDTH - 1}}"


def columns(rows: Iterable[Sequence[str]], *, indent: int = 2, gives: int = 1) -> list[str]:
    """
    Return rows as lines, their cells in columns two blanks apart; the last cell of a row hangs under itself.

    Args:
        rows: All with as many cells.
        indent: Blanks before each line.
        gives: Which column is broken into lines if the last one would have too little room, from 0.
    """
    cells = [tuple(row) for row in rows]
    if not cells:
        return []
    widths = [max(len(row[n]) for row in cells) for n in range(len(cells[0]) - 1)]
    longest = max(len(row[-1]) for row in cells)
    room = WIDTH - indent - min(longest, _LEAST) - sum(width + 2 for width in widths)
    if room < 0 and gives < len(widths):
        widths[gives] = max(widths[gives] + room, min(widths[gives], _NAME))
    return [line for row in cells for line in _row(row, widths, indent)]


def _row(row: Sequence[str], widths: Sequence[int], indent: int) -> list[str]:
    last = max(WIDTH - indent - sum(width + 2 for width in widths), 1)
    shown = [_lines(text, width) for text, width in zip(row, [*widths, last], strict=True)]
    lines = []
    for n in range(max(map(len, shown))):
        found = [of[n] if n < len(of) else "" for of in shown]
        padded = [f"{text:<{width}}" for text, width in zip(found, [*widths, 0], strict=True)]
        lines.append((" " * indent + "  ".join(padded)).rstrip())
    return lines


def _lines(text: str, width: int) -> list[str]:
    return wrap(text, max(width, 1), break_on_hyphens=False) or [""]
