"""
`ketsched hold`, `release`, `authorise`, `record decision`, `record done` and `record ride`.

Each makes the next revision of the course, puts it in the place of the file, and says what became
of the sessions. The file and all calendars that -o asks for are written together or not at all.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import click

from ketsched import holds, reporting
from ketsched.casefile import check_scope
from ketsched.checking.rules import sentence
from ketsched.cli import inputs, pictures, revising
from ketsched.cli.completing import among, complete_around, complete_hold, complete_session
from ketsched.cli.options import TO_DO, WHO, command, flag, option, under
from ketsched.clock import read_date
from ketsched.entries import booking_named, session_named
from ketsched.model import OUTCOMES, Authorisation, Course, Decision
from ketsched.names import Names
from ketsched.nearness import did_you_mean
from ketsched.revising import consequences
from ketsched.screens import many, on
from ketsched.screens.courses import consequences_parts, consequences_values
from ketsched.screens.replans import telephone_lines
from ketsched.screens.rows import paragraph

WHO_MUST = option("--who", "NAME", "Who decided it", required=True)
ON = option("--on", "DATE", "The date on which it was decided", read_date, to="decided", required=True)


def _finish(opened: revising.Opened, course: Course, said: str) -> None:
    """Write the changed course and its calendars, and say what changed."""
    lines = opened.write(course)
    change = consequences(opened.course, course, as_of=opened.today)
    if opened.as_json:
        click.echo(
            reporting.as_json(
                {"said": said, "changed": course != opened.course, **consequences_values(course, change)}
            )
        )
        return
    pictures.present(paragraph(sentence(said)), *consequences_parts(course, change))
    if course != opened.course:
        pictures.present(*telephone_lines(course))
    pictures.present("", *lines)


@command()
@revising.course_file
@under(
    TO_DO,
    option("--since", "DATE", "First day whose sessions are held; today if not given", read_date),
    option(
        "--session",
        "ID|DATE",
        "Hold this session alone",
        to="sessions",
        several=True,
        shell_complete=complete_session,
    ),
)
@under(
    WHO,
    WHO_MUST,
    option("--reason", "TEXT", "Why, in the clinician's words; for the clinic", required=True),
)
@revising.changes()
def hold_command(
    opened: revising.Opened, reason: str, who: str, since: date | None, sessions: tuple[str, ...]
) -> None:
    """
    Hold sessions: a clinician's stop. They are to be confirmed until it is released.

    The sessions keep their days and chairs, and calendars say that they are to be
    confirmed. The reason is for the clinic: it stands in the course file and on
    this terminal, and stays out of patients' files.

    \b
    ketsched hold course.json --reason "blood pressure" --who "Dr A"
    ketsched hold course.json --reason "rash" --who "Dr A" \\
        --session 2027-01-11 -o patient.ics
    """
    day = opened.today if since is None else since
    named = tuple(inputs.located("--session", session_named, opened.course, text) for text in sessions)
    named = tuple(dict.fromkeys(named))
    course = holds.hold(opened.course, reason=reason, who=who, since=day, sessions=named, at=opened.at)
    made = course.holds[-1]
    held = Names(course).several(named) if named else f"all from {on(day)} on"
    _finish(opened, course, f"On hold ({made.id}, {who}): {held}")


@command()
@revising.course_file
@click.argument("hold_id", metavar="HOLD", shell_complete=complete_hold)
@under(WHO, WHO_MUST, ON)
@revising.changes()
def release_command(opened: revising.Opened, hold_id: str, who: str, decided: date) -> None:
    """
    Release a hold, and record who and when; HOLD is its id, such as h1.

    Sessions become firm unless something else holds them up: another hold, an
    outcome that is missing, an authorisation.

    \b
    ketsched release course.json h1 --who "Dr A" --on 2027-01-13 -o patient.ics
    """
    course = holds.release(opened.course, hold_id, who=who, on=decided, at=opened.at)
    _finish(opened, course, f"Hold {hold_id} was released by {who} on {on(decided)}")


@command()
@revising.course_file
@under(
    TO_DO,
    option("--sessions", "N", "How many sessions are paid for", required=True, type=int),
    option(
        "--from", "DATE", "First day on which they are; from the start if not given", read_date, to="first"
    ),
    option("--until", "DATE", "Last day on which they are; no end if not given", read_date),
    option("--scope", "PHASE", "For this phase alone, such as induction", default=""),
    flag("--required", "The sessions must lie within its dates; check says if one does not"),
    option("--warn-days", "N", "So many days before it runs out check warns", type=int),
    option("--name", "TEXT", "What the clinic calls it; for its own files", default=""),
)
@revising.changes()
def authorise_command(
    opened: revising.Opened,
    sessions: int,
    first: date | None,
    until: date | None,
    scope: str,
    warn_days: int | None,
    **given: Any,
) -> None:
    """
    Record what a payer has authorised; sessions beyond it are to be confirmed.

    It pays after those that the course has, for the earliest sessions that have
    no authorisation yet. No session is moved.

    \b
    ketsched authorise course.json --sessions 6 --until 2027-03-31
    """
    inputs.located("--scope", check_scope, scope, opened.course.protocol)
    given |= {} if warn_days is None else {"warn_days": warn_days}
    paid = Authorisation(sessions=sessions, first=first, until=until, scope=scope, **given)
    course = holds.authorise(opened.course, paid, at=opened.at)
    _finish(opened, course, f"{many(sessions, 'session')} authorised")


def _outcome(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Read an outcome; "step back" may be written as one word, step-back."""
    said = " ".join(value.replace("-", " ").split())
    if said not in OUTCOMES:
        known = [outcome.replace(" ", "-") for outcome in OUTCOMES]
        raise click.BadParameter(
            f"{value[:40]!r} is not one of {', '.join(known)}. {did_you_mean(value, known).capitalize()}"
        )
    return said


@command()
@revising.course_file
@click.argument("companion", metavar="COMPANION", shell_complete=complete_around)
@click.argument("outcome", metavar="OUTCOME", callback=_outcome, shell_complete=among(OUTCOMES))
@under(WHO, WHO_MUST, ON)
@revising.changes()
def record_decision_command(
    opened: revising.Opened, companion: str, outcome: str, who: str, decided: date
) -> None:
    """
    Record the outcome of a screening or a review.

    OUTCOME is continue, stop, step-back or step-forward: to go on at the interval
    before, or after, in the phase's list. The sessions after it are to be confirmed
    until then; with stop they stay so. The next ketsched replan acts on it: stop
    ends the course, a step changes its interval. COMPANION is the booking's id
    (benefit-review:end), its name in the protocol (benefit-review) or its day,
    whichever names one alone.

    Of the protocols that come with the library, esk-trd has the benefit-review
    decide about the weekly sessions; generic-induction and iv-booster-home have the
    response-review decide about the boosters, and each booster-review about those
    after it. A screening decides where a file of your own has gate = true in it, or
    where the course was planned with --screening-decides.

    \b
    ketsched record decision course.json benefit-review continue \\
        --who Lee --on 2027-01-28
    ketsched record decision course.json response-review stop \\
        --who Lee --on 2027-02-05
    ketsched record decision course.json screening continue \\
        --who Lee --on 2026-12-28
    """
    name = _booking(opened.course, companion, deciding=True)
    course = holds.decide(opened.course, name, Decision(what=outcome, on=decided, who=who), at=opened.at)
    said = f"{_titled(course, name)}: {outcome} ({who})"
    if outcome != "continue":
        acts = "ends the course" if outcome == "stop" else "plans the rest at that interval"
        said += f"; the next ketsched replan {acts}"
    _finish(opened, course, said)


@command()
@revising.course_file
@click.argument("companion", metavar="COMPANION", shell_complete=complete_around)
@revising.changes()
def record_done_command(opened: revising.Opened, companion: str) -> None:
    """
    Record that a task is done, or that an appointment took place.

    What decides about sessions has an outcome instead: ketsched record decision.
    COMPANION is the booking's id (form:s1), its name in the protocol (form) or
    its day, whichever names one alone.

    \b
    ketsched record done course.json form:s1
    """
    name = _booking(opened.course, companion, deciding=False)
    course = holds.done(opened.course, name, at=opened.at)
    _finish(opened, course, f"{_titled(course, name)}: done")


@command()
@revising.course_file
@click.argument("session", metavar="SESSION", shell_complete=complete_session)
@click.argument("known", metavar="confirmed|none|self", type=click.Choice(["confirmed", "none", "self"]))
@revising.changes()
def record_ride_command(opened: revising.Opened, session: str, known: str) -> None:
    """
    Record what is known of the ride home after a session.

    It is confirmed, there is none, or the patient means to drive (self); check
    reports the last two where the protocol forbids driving. A task about it is
    done once it is confirmed. SESSION is its id, or its day if it is alone on it.

    \b
    ketsched record ride course.json 2027-01-11 confirmed
    """
    name = inputs.located("SESSION", session_named, opened.course, session)
    course = holds.ride(opened.course, name, known, at=opened.at)
    day = next(one.day for one in course.sessions if one.id == name)
    said = {"confirmed": "confirmed", "none": "there is none", "self": "the patient means to drive"}[known]
    _finish(opened, course, f"ride home on {on(day)}: {said}")


def _booking(course: Course, text: str, *, deciding: bool) -> str:
    return inputs.located("COMPANION", partial(booking_named, deciding=deciding), course, text)


def _titled(course: Course, name: str) -> str:
    """Call a booking by its title and its day."""
    placed = next(placed for placed in course.companions if placed.id == name)
    return f"{course.protocol.companion(placed.companion).title} of {on(placed.day)}"
