"""`ketsched move`, `appointments`, `cancel` and `end`: a course changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from ketsched.checking.comparing import waive
from ketsched.cli import inputs
from ketsched.cli.completing import complete_booking
from ketsched.cli.options import TO_DO, WHO, choice, command, flag, option, under
from ketsched.cli.telling import Telling, replans
from ketsched.entries import Move, booking_meant, cancelled_meant, read_booking, read_move
from ketsched.errors import Fault, InvalidInput, refuse_first
from ketsched.planning import appointments
from ketsched.tracking import Moving, booking, cancel, moving
from ketsched.tracking import confirm as confirm_booking
from ketsched.tracking import replan as replan_course

_REASON = option("--reason", "TEXT", "With --alone: why, to document with --who", default="")


@command()
@replans(sessions=True)
@click.argument("moves", nargs=-1, required=True, metavar="NAME WHEN...", shell_complete=complete_booking)
@under(
    TO_DO,
    flag("--repair", "Let other dates move too"),
    flag("--alone", "Move it even if that breaks a rule; each broken rule is listed"),
)
@under(WHO, _REASON)
@click.pass_context
def move_command(
    ctx: click.Context,
    /,
    told: Telling,
    moves: tuple[str, ...],
    repair: bool,
    alone: bool,
    reason: str,
    **given: Any,
) -> None:
    """
    Move sessions or appointments to another day or hour.

    What is moved by hand stays there: planning again moves it only if it can no longer
    stand. If the move would break a rule, it says which, and which days are possible,
    writes nothing and ends with 1.

    \b
    ketsched move course.json 5 2027-01-20 --clinic clinic.toml
    ketsched move course.json 4 T14:00
    ketsched move course.json review 2027-02-05T14:00
    ketsched move course.json 4 2027-01-15 5 2027-01-21 --repair

    NAME is a number as it is shown (booster-2 is a booster's), a date, the
    protocol's word for an appointment, or an id. WHEN is a date, an hour or both,
    with @2 behind it on chair 2.
    """
    if len(moves) % 2:
        raise InvalidInput(
            what=f"{moves[-1][:40]!r} has no day or hour to go to",
            where="NAME WHEN",
            why="it says what goes where: a name, a blank, and a day, an hour or both",
            fix=f"write 5 2027-01-20; or {moves[-1][:40]} T14:00 for another hour of its day",
        )
    pairs = [f"{name}={when}" for name, when in zip(moves[::2], moves[1::2], strict=True)]
    wanted = [inputs.located("NAME WHEN", read_move, told.course, pair) for pair in pairs]
    faults = (
        (
            repair and alone,
            "",
            "both --repair and --alone",
            "either others move too, or none does",
            "give one of them",
        ),
        (
            alone and len(wanted) > 1,
            "",
            f"{len(wanted)} sessions to move alone",
            "what each breaks depends on where the others are",
            "move one, then the next; or give --repair",
        ),
        _no_reason(told, alone=alone, reason=reason),
    )
    refuse_first(InvalidInput, "the command line", faults)
    common = told.keywords() | given
    if len(wanted) > 1:
        ctx.exit(_move_several(told, wanted, common, repair=repair))
    to = wanted[0]
    found = inputs.by_option(moving, told.course, to.booking, to.day, hour=to.hour, unit=to.unit, **common)
    ctx.exit(_take(told, found, repair=repair, alone=alone, reason=reason))


def _no_reason(told: Telling, *, alone: bool, reason: str) -> Fault:
    return (
        bool(reason) and not (alone and told.who.strip()),
        "",
        "a reason for nothing, or by nobody",
        "it documents what a booking that is moved alone breaks, and who decided that",
        "give --reason with --alone and --who NAME",
    )


def _take(told: Telling, found: Moving, *, repair: bool = False, alone: bool, reason: str) -> int:
    """Take what was asked about if nothing breaks, or as it was chosen; return the exit code."""
    if alone and found.alone is not None:
        moved = found.alone
        if reason:
            moved = waive(
                told.course,
                moved,
                found.session,
                told.findings,
                reason=reason,
                who=told.who,
                at=told.opened.at,
            )
        told.changed(moved, moving=found)
        return 0
    taken = found.fits if found.fits is not None else found.repair if repair else None
    if taken is None:
        told.refused((found,), found.repair)
        return 1
    told.changed(taken, moving=found)
    return 0


def _move_several(told: Telling, wanted: Sequence[Move], common: dict[str, Any], *, repair: bool) -> int:
    """Move several sessions to other days in one plan; return the exit code."""
    sessions = {session.id for session in told.course.sessions}
    if any(to.booking not in sessions or to.day is None or to.hour or to.unit for to in wanted):
        raise InvalidInput(
            what=f"{len(wanted)} moves at once, and not all of sessions to another day",
            where="NAME WHEN",
            why="sessions that change their days are planned together; an hour or an appointment is moved by itself",
            fix="move one, then the next",
        )
    days = {to.booking: to.day for to in wanted}
    moved = inputs.by_option(replan_course, told.course, (), move=days, **common)
    others = [
        c
        for c in moved.changes
        if c.booking not in days and c.kind != "changed" and c.after.kind == "session"
    ]
    if not others or repair:
        told.changed(moved)
        return 0
    told.refused((), moved)
    return 1


@command()
@replans()
@under(
    TO_DO,
    option("--book", "NAME=WHEN", "Book one of the protocol that has no booking: review=2027-02-05T14:00"),
    option(
        "--confirm",
        "NAME",
        "Confirm one that is to be confirmed, whatever its session",
        shell_complete=complete_booking,
    ),
    flag("--alone", "With --book: book it even where the protocol would not have it"),
)
@under(WHO, _REASON)
@click.pass_context
def appointments_command(
    ctx: click.Context, /, told: Telling, book: str | None, confirm: str | None, alone: bool, reason: str
) -> None:
    """
    Rebook reviews, calls and to-dos; the sessions stay as they are.

    What still fits stays where it is; what has lost its place is moved, and what
    has lost its session is cancelled. Needed after sessions were moved, or when
    somebody's hours have changed. With --book or --confirm it does that alone.

    \b
    ketsched appointments course.json --clinic clinic.toml \\
        --staff therapist=therapist.toml -o patient.ics
    ketsched appointments course.json --book review=2027-02-05T14:00
    """
    refuse_first(
        InvalidInput,
        "the command line",
        (
            (
                book is not None and confirm is not None,
                "",
                "both --book and --confirm",
                "what is done by hand is done by itself, so that what it changes can be told apart",
                "give one, then the other",
            ),
            (
                (alone or bool(reason)) and book is None,
                "",
                "nothing to book",
                "--alone and --reason say what is to be done if a booking by hand breaks a rule",
                "add --book NAME=WHEN, or leave them out",
            ),
            _no_reason(told, alone=alone, reason=reason),
        ),
    )
    keywords = told.keywords()
    if confirm is not None:
        name = inputs.located("--confirm", booking_meant, told.course, confirm)
        told.changed(inputs.by_option(confirm_booking, told.course, name, **keywords))
    elif book is not None:
        to = inputs.located("--book", read_booking, told.course, book)
        found = inputs.by_option(
            booking, told.course, to.booking, to.day, hour=to.hour, unit=to.unit, **keywords
        )
        ctx.exit(_take(told, found, alone=alone, reason=reason))
    else:
        placing_anew = {name: keywords[name] for name in keywords if name in _OF_APPOINTMENTS}
        told.changed(inputs.by_option(appointments, told.course, **placing_anew))


_OF_APPOINTMENTS = ("at", "calendar", "calendars", "availability", "time")
"""Keywords of the verb that places appointments anew; the patient's wishes are about sessions."""


@command()
@replans(books=False)
@click.argument("name", metavar="NAME", shell_complete=complete_booking)
@under(TO_DO, choice("--by", ("patient", "clinic"), "Who cancelled a session", "clinic"))
def cancel_command(told: Telling, name: str, by: str) -> None:
    """
    Cancel a session, an appointment or a to-do.

    NAME is a number as it is shown, a date, the protocol's word, or an id (form:s1).
    Planning again leaves an appointment or a to-do off. For a session it is the same
    as ketsched record FILE DATE cancelled: nothing takes its place until the rest is
    planned again.

    \b
    ketsched cancel course.json review
    ketsched cancel course.json 5 --by patient
    """
    meant = inputs.located("NAME", cancelled_meant, told.course, name)
    taking_off = partial(cancel, by=by, at=told.opened.at, as_of=told.today, who=told.who)
    told.changed(inputs.located("NAME", taking_off, told.course, meant))


@command()
@replans(books=False)
def end_command(told: Telling) -> None:
    """
    End a course today; what is still to come is cancelled.

    \b
    ketsched end course.json --who "Dr A"
    """
    told.changed(inputs.by_option(replan_course, told.course, (), end=True, **told.keywords()))
