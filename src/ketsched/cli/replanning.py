"""`ketsched replan`: the rest of a course planned again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs

from ketsched.cli import inputs
from ketsched.cli.completing import among, complete_protocol
from ketsched.cli.options import ANOTHER, HAPPENED, PROTOCOL_CHOICES, TO_DO, choice, command, option, under
from ketsched.cli.telling import Telling, replans
from ketsched.entries import read_dates, read_day, read_visit, with_session
from ketsched.errors import InvalidInput
from ketsched.model import POLICIES, Course, Join, Visit, VisitStatus
from ketsched.protocols import load_protocol
from ketsched.tracking import Proposal, proposals
from ketsched.tracking import forecast as forecast_course
from ketsched.tracking import replan as replan_course
from ketsched.tracking.lapses import take, taken
from ketsched.tracking.proposing import PREFER, WAYS, option_of, other_ways, read_ways

_TAKEN = ("continue", "restart", "step-back", "repeat-tail")
"""What a protocol can suggest after a long break."""


@command()
@replans(sessions=True)
@under(
    HAPPENED,
    option("--missed", "DATE", "A session that was missed", read_day, several=True),
    option("--record", "WHAT", 'What happened, "2027-01-14 given"', read_visit, to="records", several=True),
)
@under(
    TO_DO,
    option(
        "--way",
        "[PHASE=]WAY",
        f"How to make up what was missed: {', '.join(map(option_of, POLICIES))}; or {PREFER}: move more agreed days "
        "and break fewer preferences",
        to="ways",
        several=True,
        shell_complete=among(map(option_of, WAYS)),
    ),
    option(
        "--take",
        "NAME",
        f"After a long break, take what the protocol suggests: {', '.join(_TAKEN)}",
        default="",
        shell_complete=among(_TAKEN),
    ),
    option("--away", "DATES", "Days the patient cannot come", read_dates, several=True),
    option("--back", "DATES", "Days of --away on which the patient can come", read_dates, several=True),
    option("--add", "DATE", "One session more: an ad-hoc booster", read_day, several=True),
    option("--repeat", "N", "Give the last N sessions again", type=int, default=0),
    choice("--step", ("back", "forward"), "Go on at the interval before, or after, in the phase's list"),
    option("--plan-until", "DATE", "Plan an open-ended phase on to this day", read_day, to="through"),
    option("--place", "TEXT", "Where sessions at the clinic are from now on"),
)
@under(
    ANOTHER,
    option(
        "--switch",
        "ID|FILE",
        "Another protocol for the rest",
        load_protocol,
        shell_complete=complete_protocol,
    ),
    option("--switch-after", "DAYS", "So long after the last session", type=int, to="join"),
    *PROTOCOL_CHOICES,
)
def replan_command(told: Telling, **given: Any) -> None:
    """
    Plan the rest again, with the fewest changes.

    What is past or due today stays, and so does every booking that still can. What
    happened is taken from the course file; --missed and --record add to it.
    It shows each change with its reason, and the sentences for the telephone.

    \b
    ketsched replan course.json --clinic clinic.toml --missed 2027-01-14
    ketsched replan course.json --clinic clinic.toml --way fit-in
    """
    course = told.course
    asked = _asked_of(given, course)
    common = inputs.by_option(told.keywords, back=[day for stretch in given["back"] for day in stretch])
    common |= {name: given[name] for name in ("notice", "exceed")}
    common["away"] = (*common.get("away", ()), *(day for stretch in given["away"] for day in stretch))
    seen = forecast_course(course, asked.visits, as_of=told.today)
    plans: tuple[Proposal, ...] = ()
    if asked.take:
        done = taken(course, asked.visits, seen)
        if done is None or option_of(done.proposal) != asked.take:
            plans = inputs.by_option(proposals, course, asked.visits, **common)
            taking = partial(take, at=told.opened.at, who=told.who)
            course = inputs.located("--take", taking, course, asked.take, plans)
        told.changed(course, seen=seen)
        return
    after = inputs.by_option(replan_course, course, asked.visits, **asked.changes, **common)
    others = () if any(asked.changes.values()) else other_ways(course, after, asked.visits, **common)
    if seen.proposes and taken(after, (), seen) is None:
        plans = proposals(course, asked.visits, **common)
    told.changed(after, seen=seen, plans=plans, others=() if plans else others)


@attrs.frozen(kw_only=True)
class _Asked:
    """
    What the options ask for.

    Attributes:
        visits: What happened besides what the course remembers.
        changes: Further arguments of `replan`.
        take: Name of the way to take after a lapse; empty: none.
    """

    visits: tuple[Visit, ...]
    changes: Mapping[str, Any]
    take: str = ""


def _asked_of(given: Mapping[str, Any], course: Course) -> _Asked:
    """Read the options of a command line, and refuse those that contradict each other."""
    missed = [Visit(day, VisitStatus.NO_SHOW) for day in given["missed"]]
    after = given["join"]
    changes = {
        **inputs.located("--way", read_ways, given["ways"], course.protocol),
        "add": list(given["add"]),
        "repeat": given["repeat"],
        "step": given["step"],
        "switch": inputs.switch(given),
        "join": None if after is None else inputs.located("--switch-after", lambda: Join(ideal=after)),
        "through": given["through"],
        "place": given["place"],
    }
    if given["take"] and any(changes.values()):
        raise InvalidInput(
            what="a way to take after a long break, and another change",
            where="--take",
            why="each way is a plan of its own, as replan shows it",
            fix="leave the other options out, or give them without --take",
        )
    return _Asked(
        visits=(
            *(inputs.located("--missed", with_session, course, visit) for visit in missed),
            *(inputs.located("--record", with_session, course, visit) for visit in given["records"]),
        ),
        changes=changes,
        take=given["take"],
    )
