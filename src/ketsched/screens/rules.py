"""What `rules` and `explain` show: the rules that check knows, and the page of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ketsched.checking.rules import Rule
from ketsched.screens.findings import CALLED
from ketsched.screens.rows import columns, paragraph


def rule_lines(rules: Iterable[Rule]) -> list[str]:
    """List rules: code, how grave it is, name and source."""
    return columns(((r.code, CALLED[r.severity], r.name, r.source) for r in rules), indent=0, gives=2)


def page_lines(rule: Rule) -> Iterator[str]:
    """Yield the page of a rule, its paragraphs with an empty line between."""
    yield f"{rule.code} {rule.name} ({CALLED[rule.severity]})"
    for text in (*rule.page.split("\n\n"), f"Source: {rule.source}"):
        yield ""
        indented = any(line.startswith(" ") for line in text.splitlines())
        yield text if indented else paragraph(" ".join(text.split()))
