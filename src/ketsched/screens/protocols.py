"""A protocol in words: every number with its source and how far it was verified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ketsched.checking.rules import sentence
from ketsched.countries import country_words
from ketsched.model import Companion, Evidence, Phase, Protocol
from ketsched.screens import Table
from ketsched.screens.rows import hung
from ketsched.words.prescribed import count_words, value_words

MARKS = (
    "Marks: stated = read in a primary or official text; secondary = read in a\n"
    "secondary page; derived = arithmetic from such a statement; house default =\n"
    "ours, not from a publication."
)
_PLACES = {"clinic": "clinic", "home": "at home", "telephone": "by telephone", "elsewhere": "elsewhere"}
_SESSION_DAYS = {"never": "never", "only": "only then", "during": "during the session"}


_SHORT = {
    "post-traumatic stress": "PTSD",
    "intravenous": "IV",
    "intramuscular": "IM",
    "subcutaneous": "SC",
    "sublingual": "SL",
}
"""What clinicians write in a table."""


def protocol_lines(protocols: Iterable[Protocol]) -> Iterator[str]:
    """Yield protocols, most in two lines: how many sessions, on which days, what follows; for whom, where, evidence."""
    headlines = [headline_of(protocol) for protocol in protocols]
    width = max(len(one["id"]) for one in headlines)
    for one in headlines:
        then = "" if one["boosters"] == "none" else f"; then {one['boosters']}"
        yield hung(f"{one['id']:<{width}}  {one['sessions']:>5}  ", one["days"] + then)
        yield hung("    ", f"{one['indication']}; {one['setting']}. {sentence(one['evidence'])}")


def headline_of(protocol: Protocol) -> dict[str, str]:
    """Return what a list says of a protocol, by its columns."""
    first, *others = protocol.phases
    return {
        "id": protocol.id,
        "indication": ", ".join(_SHORT.get(one, one) for one in protocol.indications),
        "sessions": count_words(first),
        "days": first.pattern(),
        "boosters": "; ".join(map(_boosters, others)) or "none",
        "setting": f"{first.place} {_SHORT.get(first.route, first.route)}",
        "evidence": evidence_in_short(protocol.study),
    }


def _boosters(phase: Phase) -> str:
    count = "" if phase.count is None else f"{count_words(phase)}, "
    return f"{count}{phase.pattern()}" + (f", {phase.place}" if phase.beside else "")


def evidence_in_short(study: str) -> str:
    """Return what a line on the evidence begins with: "Negative", "Not a study"; a name and a year say nothing yet."""
    clauses = re.split(r"[:;,(.]+| and is ", study)
    short = clauses[0].strip()
    return f"{short}: {clauses[1].strip()}" if clauses[1:] and re.fullmatch(r".* \d{4}", short) else short


def phase_table(phase: Phase) -> Table:
    """List the numbers of a phase."""
    beside = f", beside {phase.beside}" if phase.beside else ""
    rows = (_row(evidence, value_words(phase, evidence.key)) for evidence in phase.evidence)
    return _numbers(f"{phase.name} ({phase.route}, {phase.place}{beside})", rows)


def companion_table(companion: Companion) -> Table:
    """List the numbers of a companion, and what else is said of it."""
    stated = {evidence.key: evidence for evidence in companion.evidence}
    kind = f"{'required' if companion.required else 'recommended'} {companion.kind}"
    title = f"{companion.id} ({kind if companion.kind != 'notice' else 'notice'}): {companion.title}"
    first = () if "anchor" in stated else (("anchor", companion.anchor.words(), "", ""),)
    rows = (_row(evidence, value_words(companion, key)) for key, evidence in stated.items())
    return _numbers(title, [*first, *rows, *((key, value, "", "") for key, value in _plain(companion))])


def with_and_where(companion: Companion) -> str:
    """Say whose hours a companion needs, and where it is; a task is nowhere."""
    where = "" if companion.kind == "task" else _PLACES[companion.place]
    return ", ".join(filter(None, (companion.calendar, where)))


def _numbers(title: str, rows: Iterable[tuple[str, ...]]) -> Table:
    return Table(("", "value", "mark", "source"), tuple(rows), title)


def _row(evidence: Evidence, value: str) -> tuple[str, ...]:
    note = f"\n({evidence.note})" if evidence.note else ""
    return evidence.key, value + note, evidence.mark.value, evidence.source


def _plain(companion: Companion) -> Iterator[tuple[str, str]]:
    """Yield what a companion says that is no number, and so has no source."""
    if companion.kind == "appointment":
        yield "where", with_and_where(companion)
    if companion.on_session_days != "allowed":
        yield "session days", _SESSION_DAYS[companion.on_session_days]
    if companion.gate:
        yield "decides", "sessions after it are to be confirmed until its outcome is recorded"
    if companion.audience != "both":
        yield "for", f"the {companion.audience} alone"
    if companion.countries:
        yield "in", ", ".join(map(country_words, companion.countries))
    if companion.areas:
        yield "looks at", ", ".join(companion.areas)
    if companion.text:
        yield "text", companion.text
