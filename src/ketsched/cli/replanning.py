"""`ketsched replan`: the rest of a course planned again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs
import click

from ketsched.cli import inputs
from ketsched.cli.inputs import choice, option
from ketsched.cli.telling import Telling, allowances, replans
from ketsched.entries import read_dates, read_day, read_visit, read_weekday_span, with_session
from ketsched.errors import InvalidInput
from ketsched.model import Course, Interval, Join, Visit, VisitStatus
from ketsched.protocols import load_protocol
from ketsched.tracking import Proposal, proposals
from ketsched.tracking import forecast as forecast_course
from ketsched.tracking import replan as replan_course
from ketsched.tracking.lapses import take, taken
from ketsched.tracking.proposing import PREFER, WAYS, option_of, other_ways, read_ways


@click.command()
@replans
@allowances
@option("--missed", "DATE", "A session that was missed; again for others.", read_day, several=True)
@option(
    "--record",
    "WHAT",
    'What happened, "2027-01-14 missed", as in ketsched record; again for others.',
    read_visit,
    to="records",
    several=True,
)
@option(
    "--way",
    "[PHASE=]WAY",
    f"How to make up what was missed: {', '.join(map(option_of, WAYS))} ({PREFER}: leave more agreed days, "
    "break fewer preferences).",
    to="ways",
    several=True,
    shell_complete=inputs.among(map(option_of, WAYS)),
)
@option(
    "--take",
    "NAME",
    "Take one of the ways that the protocol proposes after a lapse: continue, restart, step-back, repeat-tail.",
    default="",
    shell_complete=inputs.among(("continue", "restart", "step-back", "repeat-tail")),
)
@option(
    "--away",
    "DATES",
    "The patient cannot come on a day or a stretch, 2027-01-12..2027-01-26; remembered; again for others.",
    read_dates,
    several=True,
)
@option(
    "--back",
    "DATES",
    "The patient can come after all on a day or a stretch that --away named; again for others.",
    read_dates,
    several=True,
)
@option(
    "--add",
    "DATE",
    "One session more, outside the pattern: an ad-hoc booster; again for others.",
    read_day,
    several=True,
)
@option("--repeat", "N", "Give the last N sessions again.", type=int, default=0)
@choice("--step", ("back", "forward"), "Go on at the interval before, or after, in the phase's list.")
@option("--plan-until", "DATE", "Plan an open-ended phase on to this day.", read_day, to="through")
@option("--place", "TEXT", "Where sessions at the clinic are from now on.")
@option(
    "--switch",
    "ID|FILE",
    "Go over to another protocol for the rest.",
    load_protocol,
    shell_complete=inputs.complete_protocol,
)
@option("--switch-after", "DAYS", "With --switch: so long after the last session.", type=int, to="join")
@option("--sessions", "N", "With --switch: sessions in its first phase.", type=int)
@option("--weeks", "N", "With --switch: nominal weeks of its first phase.", type=int)
@option("--weekdays", "DAYS", 'With --switch: days of the week, "mon,thu".', read_weekday_span)
@option("--boosters", "N", "With --switch: sessions in its last phase.", type=int)
@option("--every", "DURATION", "With --switch: the interval of its last phase, P7D.", Interval.parse)
@option("--country", "CODE", "With --switch: the country whose forms and the like are planned, US.")
@option("--until", "DURATION", "With --switch: how long its last phase lasts, P26W or P6M.", Interval.parse)
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
    common = told.keywords(back=[day for stretch in given["back"] for day in stretch])
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
            what="a way to take after a lapse, and another change",
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
