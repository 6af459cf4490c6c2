"""`ketsched replan`: the rest of a course planned again, or one session moved by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import attrs
import click

from ketsched import reporting
from ketsched.checking import Finding, check
from ketsched.checking.comparing import waive
from ketsched.cli import inputs, pictures, placing, revising
from ketsched.cli.inputs import choice, flag, option
from ketsched.entries import (
    Move,
    booking_meant,
    read_booking,
    read_dates,
    read_day,
    read_move,
    read_policies,
    read_visit,
    read_weekday_span,
    with_session,
)
from ketsched.errors import InvalidInput
from ketsched.model import POLICIES, Course, Interval, Join, Visit, VisitStatus
from ketsched.protocols import load_protocol
from ketsched.screens.replans import Replanned, counted_in_words, refused_parts, refused_values
from ketsched.tracking import Forecast, Moving, Proposal, booking, cancel, confirm, moving, proposals
from ketsched.tracking import forecast as forecast_course
from ketsched.tracking import replan as replan_course
from ketsched.tracking.lapses import take, taken
from ketsched.tracking.proposing import PREFER, WAYS, options_of, other_ways, read_way


@click.command()
@revising.course_file
@placing.placing_options
@inputs.booked_option
@revising.as_of_option
@revising.notice_option
@option("--missed", "DATE", "A session that was missed; again for others.", read_day, several=True)
@option(
    "--record",
    "WHAT",
    'What happened, "2027-01-14 no-show", as in ketsched record; again for others.',
    read_visit,
    to="records",
    several=True,
)
@option(
    "--policy",
    "[PHASE=]POLICY",
    f"What is done about missed sessions, if not what the protocol says: {', '.join(POLICIES)}.",
    to="policies",
    several=True,
    shell_complete=inputs.among(POLICIES),
)
@option(
    "--way",
    "WAY",
    f"A policy for what was missed and for what cannot stand, as the ways are shown; or {PREFER}: leave more "
    "agreed days, break fewer preferences.",
    read_way,
    shell_complete=inputs.among(WAYS),
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
@flag("--exceed", "Latest days that cannot be kept give way, and are named; a clinician documents it.")
@option(
    "--move",
    "NAME=WHEN",
    "Move a session or appointment by hand: 5=2027-01-20, 4=T14:00, review=2027-02-05T14:00; again for others.",
    to="moves",
    several=True,
)
@option(
    "--book",
    "NAME=WHEN",
    "Book an appointment of the protocol that has no booking: review=2027-02-05T14:00.",
    default="",
)
@option("--cancel", "NAME", "Take an appointment off by hand.", default="")
@option(
    "--confirm", "NAME", "Confirm an appointment that is to be confirmed, whatever its session.", default=""
)
@flag("--repair", "With --move: move whatever else has to move.")
@flag("--alone", "With --move or --book: do it alone, whatever that breaks.")
@option("--waive", "TEXT", "With --alone: the reason to document, with --who.", default="")
@option(
    "--add",
    "DATE",
    "One session more, outside the pattern: an ad-hoc booster; again for others.",
    read_day,
    several=True,
)
@option("--repeat", "N", "Give the last N sessions again.", type=int, default=0)
@choice("--step", ("back", "forward"), "Go on at the interval before, or after, in the phase's list.")
@flag("--end", "End the course today; what is still to come is closed.")
@option("--through", "DATE", "Plan an open-ended phase on to this day.", read_day)
@option("--place", "TEXT", "Where sessions at the clinic are from now on.")
@option(
    "--switch",
    "ID|FILE",
    "Go over to another protocol for the rest.",
    load_protocol,
    shell_complete=inputs.complete_protocol,
)
@option("--join", "DAYS", "With --switch: so long after the last session.", type=int)
@option("--sessions", "N", "With --switch: sessions in its first phase.", type=int)
@option("--weeks", "N", "With --switch: nominal weeks of its first phase.", type=int)
@option("--weekdays", "DAYS", 'With --switch: days of the week, "mon,thu".', read_weekday_span)
@option("--boosters", "N", "With --switch: sessions in its last phase.", type=int)
@option("--every", "DURATION", "With --switch: the interval of its last phase, P7D.", Interval.parse)
@option("--country", "CODE", "With --switch: the country whose forms and the like are planned, US.")
@option("--until", "DURATION", "With --switch: how long its last phase lasts, P26W or P6M.", Interval.parse)
@option("--who", "NAME", "Who decided it.", default="")
@flag("--dry-run", "Show what would change, and write nothing.")
@revising.changes
@click.pass_context
def replan(
    ctx: click.Context,
    /,
    opened: revising.Opened,
    dry_run: bool,
    as_of: date | None,
    hours: placing.Reader,
    **given: Any,
) -> None:
    """
    Plan the rest again, with the fewest changes; or move, book or confirm something by hand.

    What is past or due today stays, and so does every booking that still can. What
    happened is taken from the course file; --missed and --record add to it.
    It shows each change with its reason, and the sentences for the telephone.

    \b
    ketsched replan course.json --clinic clinic.toml --missed 2027-01-14
    ketsched replan course.json --clinic clinic.toml --policy make-up
    ketsched replan course.json --clinic clinic.toml --move 5=2027-01-20
    ketsched replan course.json --clinic clinic.toml --move 4=T14:00

    NAME is a number as it is shown (booster-2 is a booster's), a date, the
    protocol's word for an appointment, or an id. WHEN is a date, an hour or both,
    with @2 behind it on chair 2.
    """
    today = opened.as_of(as_of)
    known = placing.required(hours, opened.course, opened.path)
    asked = _asked_of(given, opened.course)
    keywords = known.keywords(opened.course, back=[day for stretch in given["back"] for day in stretch])
    away = (*keywords.pop("away", ()), *(day for stretch in given["away"] for day in stretch))
    common: dict[str, Any] = {"at": opened.at, "as_of": today, "notice": given["notice"]}
    common |= {"who": given["who"], "exceed": given["exceed"], **keywords, "away": away}
    told = _Telling(opened, known, today, dry_run=dry_run)
    if asked.cancel:
        name = inputs.located("--cancel", booking_meant, opened.course, asked.cancel)
        when_and_who = {"at": opened.at, "as_of": today, "who": given["who"]}
        told.changed(inputs.located("--cancel", partial(cancel, **when_and_who), opened.course, name))
        return
    if asked.confirm:
        name = inputs.located("--confirm", booking_meant, opened.course, asked.confirm)
        told.changed(inputs.by_option(confirm, opened.course, name, **common))
        return
    if asked.book:
        ctx.exit(_book(opened.course, asked, common, told))
    if asked.moves:
        ctx.exit(_move(opened.course, asked, common, told))
    seen = forecast_course(opened.course, asked.visits, as_of=today)
    plans: tuple[Proposal, ...] = ()
    if asked.take:
        done, course = taken(opened.course, asked.visits, seen), opened.course
        if done is None or pictures.option_of(done.proposal) != asked.take:
            plans = inputs.by_option(proposals, course, asked.visits, **common)
            course = inputs.located(
                "--take", partial(take, at=opened.at, who=asked.who), course, asked.take, plans
            )
        told.changed(course, seen=seen)
        return
    course = inputs.by_option(replan_course, opened.course, asked.visits, **asked.chosen, **common)
    others = () if any(asked.chosen.values()) else other_ways(opened.course, course, asked.visits, **common)
    if seen.proposes and not asked.changes["end"] and taken(course, (), seen) is None:
        plans = proposals(opened.course, asked.visits, **common)
    told.changed(course, seen=seen, plans=plans, others=() if plans else others)


# What is asked for


@attrs.frozen(kw_only=True)
class _Asked:
    """
    What the options ask for.

    Attributes:
        visits: What happened besides what the course remembers.
        moves: Moves by hand.
        book: The appointment to book, and when; empty: none.
        cancel: Name of an appointment to take off; empty: none.
        confirm: Name of an appointment to confirm; empty: none.
        changes: Further arguments of `replan`.
        repair, alone: What is to be done if a move breaks a rule.
        waive: The reason to document.
        who: Who decided it.
        take: Name of the way to take after a lapse; empty: none.
        way: Name of the way to plan by; None: as the protocol says.
    """

    visits: tuple[Visit, ...]
    moves: Sequence[Move]
    changes: Mapping[str, Any]
    repair: bool
    alone: bool
    waive: str
    who: str
    take: str = ""
    book: str = ""
    cancel: str = ""
    confirm: str = ""
    way: str | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """Further arguments of `replan`, those of the way among them."""
        return {**self.changes, **options_of(self.way)}

    def check(self) -> None:
        """Refuse what contradicts itself."""
        more = bool(self.visits or any(self.chosen.values()))
        by_hand = [f"--{name}" for name in ("book", "cancel", "confirm") if getattr(self, name)]
        for wrong, where, what, why, fix in (
            (
                self.repair and self.alone,
                "--alone",
                "both --repair and --alone",
                "either others move too, or none does",
                "give one of them",
            ),
            (
                (self.repair and not self.moves) or (self.alone and not (self.moves or self.book)),
                "--repair" if self.repair else "--alone",
                "nothing to move",
                "it says what is to be done if moving a session by hand breaks a rule",
                "add --move ID=DATE, or leave it out",
            ),
            (
                bool(self.waive) and not (self.alone and self.who.strip()),
                "--waive",
                "a waiver of nothing, or by nobody",
                "it documents what a session that is moved alone breaks, and who decided that",
                "give it with --move, --alone and --who NAME",
            ),
            (
                bool(self.take) and (bool(self.moves) or any(self.chosen.values())),
                "--take",
                "a way to take after a lapse, and another change",
                "each way is a plan of its own, as replan shows it",
                "leave the other options out, or give them without --take",
            ),
            (
                bool(self.way and self.changes["policy"]),
                "--way",
                "both --way and --policy",
                "a way is a policy for all phases, also for bookings that cannot stand",
                "give one of them",
            ),
            (
                bool(by_hand) and (more or bool(self.moves) or bool(self.take) or len(by_hand) > 1),
                by_hand[0] if by_hand else "",
                "something to do by hand, and another change",
                "what is done by hand is done by itself, so that what it changes can be told apart",
                f"make the other change first, then give {by_hand[0] if by_hand else ''} alone",
            ),
            (
                bool(self.moves) and more,
                "--move",
                "a session moved by hand, and another change",
                "a move by hand is made by itself, so that what it breaks can be told apart",
                "make the other change first, then move the session",
            ),
            (
                self.alone and len(self.moves) > 1,
                "--alone",
                f"{len(self.moves)} sessions to move alone",
                "what each breaks depends on where the others are",
                "move one, then the next; or give --repair",
            ),
        ):
            if wrong:
                raise InvalidInput(what=what, where=where, why=why, fix=fix)


_PLAIN = ("repair", "alone", "waive", "who", "take", "book", "cancel", "confirm", "way")
"""Options that are taken as they are."""


def _asked_of(given: Mapping[str, Any], course: Course) -> _Asked:
    """Read the options of a command line, and refuse those that contradict each other."""
    missed = [Visit(day, VisitStatus.NO_SHOW) for day in given["missed"]]
    asked = _Asked(
        visits=(
            *(inputs.located("--missed", with_session, course, visit) for visit in missed),
            *(inputs.located("--record", with_session, course, visit) for visit in given["records"]),
        ),
        moves=[inputs.located("--move", read_move, course, text) for text in given["moves"]],
        changes={
            "policy": inputs.located("--policy", read_policies, given["policies"], course.protocol),
            "add": list(given["add"]),
            "repeat": given["repeat"],
            "step": given["step"],
            "switch": inputs.switch(given),
            "join": None
            if given["join"] is None
            else inputs.located("--join", lambda: Join(ideal=given["join"])),
            "end": given["end"],
            "through": given["through"],
            "place": given["place"],
        },
        **{name: given[name] for name in _PLAIN},
    )
    asked.check()
    return asked


# Moving and booking by hand


def _book(course: Course, asked: _Asked, common: dict[str, Any], told: _Telling) -> int:
    """Book an appointment by hand, or say what stands in the way; return the exit code."""
    to = inputs.located("--book", read_booking, course, asked.book)
    found = inputs.by_option(
        booking, course, to.booking, to.day, **{"hour": to.hour, "unit": to.unit, **common}
    )
    return _take(course, found, asked, told)


def _move(course: Course, asked: _Asked, common: dict[str, Any], told: _Telling) -> int:
    """Move bookings by hand, or say what that would break; return the exit code."""
    if len(asked.moves) > 1:
        return _move_several(course, asked, common, told)
    (to,) = asked.moves
    found = inputs.by_option(
        moving, course, to.booking, to.day, **{"hour": to.hour, "unit": to.unit, **common}
    )
    return _take(course, found, asked, told)


def _take(course: Course, found: Moving, asked: _Asked, told: _Telling) -> int:
    """Take what was asked about if nothing breaks, or as it was chosen; return the exit code."""
    if asked.alone and found.alone is not None:
        moved = found.alone
        if asked.waive:
            moved = waive(
                course,
                moved,
                found.session,
                told.findings,
                reason=asked.waive,
                who=asked.who,
                at=told.opened.at,
            )
        told.changed(moved, moving=found)
        return 0
    taken = found.fits if found.fits is not None else found.repair if asked.repair else None
    if taken is None:
        told.refused((found,), found.repair)
        return 1
    told.changed(taken, moving=found)
    return 0


def _move_several(course: Course, asked: _Asked, common: dict[str, Any], told: _Telling) -> int:
    """Move several sessions to other days in one plan; return the exit code."""
    sessions = {session.id for session in course.sessions}
    if any(to.booking not in sessions or to.day is None or to.hour or to.unit for to in asked.moves):
        raise InvalidInput(
            what=f"{len(asked.moves)} moves at once, and not all of sessions to another day",
            where="--move",
            why="sessions that change their days are planned together; an hour or an appointment is moved by itself",
            fix="move one, then the next",
        )
    days = {to.booking: to.day for to in asked.moves}
    moved = inputs.by_option(replan_course, course, move=days, **common)
    others = [
        c
        for c in moved.changes
        if c.booking not in days and c.kind != "changed" and c.after.kind == "session"
    ]
    if not others or asked.repair:
        told.changed(moved)
        return 0
    told.refused((), moved)
    return 1


# What is told


@attrs.frozen
class _Telling:
    """Writes what was made of a course, and tells it."""

    opened: revising.Opened
    known: placing.Known
    today: date
    dry_run: bool = attrs.field(kw_only=True)

    def findings(self, course: Course) -> tuple[Finding, ...]:
        hours = self.known.hours
        return check(course, calendar=hours.calendar, calendars=hours.staff, as_of=self.today)

    def changed(
        self,
        course: Course,
        *,
        moving: Moving | None = None,
        seen: Forecast | None = None,
        plans: Sequence[Proposal] = (),
        others: Sequence[Proposal] = (),
    ) -> None:
        """Write the course, and tell what changed, what could not be kept, and what to say of it."""
        opened, findings = self.opened, self.findings(course)
        course = self.known.keep_files(opened.course, course)
        made = Replanned(
            before=opened.course,
            after=course,
            findings=findings,
            moving=moving,
            seen=seen,
            plans=plans,
            others=others,
        )
        if self.dry_run:
            lines = ["nothing was written: --dry-run" if made.is_changed else "nothing has changed"]
        else:
            lines = revising.write(opened, course, findings)
            lines += self.known.reminders(course) if made.is_changed else ()
        if opened.as_json:
            click.echo(reporting.as_json(made.values(written=made.is_changed and not self.dry_run)))
            return
        pictures.present(*made.change_parts())
        if made.breaks and len(course.waivers) == len(opened.course.waivers):
            pictures.show(
                'a clinician documents that: --waive "reason" --who NAME, or a file of waivers for check'
            )
        if made.leaves_appointments:
            pictures.show("appointments around it stay where they were: ketsched accompany places them anew")
        pictures.present(*made.waived_parts(), *made.lapse_parts())
        if plans:
            pictures.show(pictures.after_a_lapse(plans))
        pictures.present(*made.other_parts())
        pictures.present(*made.telephone_parts())
        if made.is_changed:
            numbers = counted_in_words(findings)
            told = f"findings: {numbers}; ketsched check shows them" if numbers else "no errors, no warnings"
            pictures.show("", told)
        for line in lines:
            click.echo(line)

    def refused(self, moves: Sequence[Moving], repair: Course | None) -> None:
        """Say what moving sessions would break; nothing is written."""
        course = self.opened.course
        if self.opened.as_json:
            click.echo(reporting.as_json(refused_values(course, moves, repair)))
            return
        pictures.present(*refused_parts(course, moves, repair))
        if repair is not None:
            pictures.show("", "to take this: --repair" + ("; to move it alone: --alone" if moves else ""))
        elif moves and moves[0].alone is not None:
            pictures.show("", "to move it alone: --alone")
        click.echo("nothing was written")
