"""
`ketsched hold`, `lift`, `authorise`, `decide`, `done`, `ride` and `accompany`: changes of a course file.

Each makes the next revision of the course, puts it in the place of the file, and says what became
of the sessions. The file and all calendars that -o asks for are written together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import attrs
import click

from ketsched import around
from ketsched.calendars import Calendar
from ketsched.casefile import check_scope, load_case
from ketsched.checking import check
from ketsched.cli import companions, inputs, pictures
from ketsched.cli.writing import write_all
from ketsched.clock import plausible, read_date, read_time, zone_named
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange import dumps, read
from ketsched.model import Authorisation, Course, Decision, PlacedCompanion, Session, Status
from ketsched.planning import accompany as accompany_course


def _changes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that all these commands take: the moment, calendars to write, --json."""
    command = click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")(command)
    command = inputs.output_option(command)
    return click.option(
        "--at",
        metavar="MOMENT",
        help="The moment of this revision, 2027-01-08T09:00:00Z; the clock's if not given.",
    )(command)


_course_file = click.argument("file", metavar="FILE")


@attrs.frozen(kw_only=True)
class _Opened:
    """
    A course file that a command is about to change.

    Attributes:
        path: The file.
        course: As it was given out last.
        at: The moment of the next revision.
        outputs: Calendars to write as well.
    """

    path: Path
    course: Course
    at: datetime
    outputs: list[inputs.Output]

    @property
    def today(self) -> date:
        """The clinic's date at the moment of the revision."""
        return self.at.astimezone(zone_named(self.course.zone)).date()


def _open(file: str, at: str | None, output: Sequence[str]) -> _Opened:
    path = Path(file)
    if path.suffix.lower() != ".json":
        raise InvalidInput(
            what=f"{path.name[:60]} is no course file",
            where="FILE",
            why="a course goes on from its course file (.json); a calendar is what was given out of it",
            fix="name the course file that ketsched plan wrote with -o course.json",
        )
    outputs = inputs.outputs_of(output, changing=path)
    moment = inputs.moment_of(at)
    inputs.located("--at", plausible, moment.date(), "the revision")
    opened = _Opened(path=path, course=read(path), at=moment, outputs=outputs)
    last = opened.course.revisions[-1].at
    if last is not None and opened.at < last:
        raise InvalidInput(
            what="the course was changed later than this",
            where="the clock of this machine" if at is None else "--at",
            why=f"its last revision is of {last:%Y-%m-%dT%H:%M:%SZ}; calendars take the newer state by its moment",
            fix="give --at with that moment or a later one",
        )
    return opened


@attrs.frozen(kw_only=True)
class _Change:
    """
    What became of a course between two revisions.

    Attributes:
        unsure: Sessions that are now to be confirmed.
        firm: Sessions that no longer are.
        added, moved, closed: Appointments and tasks.
        turned: Appointments and tasks that became firm, or to be confirmed, with their sessions.
        confirms: Whether anything changed that holds sessions up, even if no session did.
    """

    unsure: tuple[Session, ...]
    firm: tuple[Session, ...]
    added: tuple[PlacedCompanion, ...]
    moved: tuple[PlacedCompanion, ...]
    closed: tuple[PlacedCompanion, ...]
    turned: int
    confirms: bool


def _between(before: Course, after: Course) -> _Change:
    once = {session.id: session.status for session in before.sessions}
    known = {placed.id: placed for placed in before.companions}
    became = [session for session in after.standing() if session.status is not once[session.id]]
    old = [(placed, known[placed.id]) for placed in after.companions if placed.id in known]
    waiting = {Status.FIRM, Status.TENTATIVE}
    return _Change(
        unsure=tuple(session for session in became if session.status is Status.TENTATIVE),
        firm=tuple(session for session in became if session.status is Status.FIRM),
        added=tuple(placed for placed in after.companions if placed.id not in known),
        moved=tuple(p for p, was in old if p.status.stands and (p.day, p.time) != (was.day, was.time)),
        closed=tuple(p for p, was in old if was.status.stands and not p.status.stands),
        turned=sum({p.status, was.status} == waiting for p, was in old),
        confirms=_stops(before) != _stops(after) or bool(became),
    )


def _stops(course: Course) -> tuple[Any, ...]:
    outcomes = {placed.id: placed.outcome for placed in course.companions if placed.outcome is not None}
    return course.holds, course.authorisations, outcomes


def _finish(opened: _Opened, course: Course, said: str, *, as_json: bool, **calendars: Any) -> None:
    """Write the changed course and its calendars, and say what changed."""
    changed = course != opened.course
    findings = check(course, **calendars) if opened.outputs else ()
    write_all(course, opened.outputs, findings, changed=opened.path if changed else None)
    change = _between(opened.course, course)
    if as_json:
        click.echo(_json(course, change, said, changed=changed))
        return
    pictures.show(said)
    _show(course, change)
    number = len(course.revisions)
    click.echo(f"wrote {opened.path} (revision {number})" if changed else "nothing has changed")
    for output in opened.outputs:
        click.echo(f"wrote {output}")


def _show(course: Course, change: _Change) -> None:
    for title, sessions in (("now to be confirmed", change.unsure), ("now firm", change.firm)):
        if sessions:
            named = companions.several(course, (session.id for session in sessions))
            pictures.show(f"{title}: {named}", companions.sessions_briefly(course, sessions))
    if change.turned:
        one = change.turned == 1
        pictures.show(
            f"  and {change.turned} {'appointment or task' if one else 'appointments and tasks'} with them"
        )
    for title, placed in (
        ("added", change.added),
        ("moved", change.moved),
        ("cancelled", change.closed),
    ):
        if placed:
            pictures.show(f"{title}:", companions.bookings_briefly(course, placed))
    reasons = companions.reasons_of(course)
    if reasons is not None and change.confirms:
        pictures.show("", reasons, "")


def _json(course: Course, change: _Change, said: str, *, changed: bool) -> str:
    found = {
        "said": said,
        "changed": changed,
        "revision": len(course.revisions),
        "now_to_be_confirmed": [session.id for session in change.unsure],
        "now_firm": [session.id for session in change.firm],
        "added": [placed.id for placed in change.added],
        "moved": [placed.id for placed in change.moved],
        "cancelled": [placed.id for placed in change.closed],
        **companions.around_json(course),
        "course": json.loads(dumps(course, "json")),
    }
    return pictures.as_json(found)


@click.command()
@_course_file
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why, in the clinician's words; for the clinic."
)
@click.option("--who", required=True, metavar="NAME", help="Who decided it.")
@click.option(
    "--since",
    metavar="DATE",
    help="First day whose sessions are held; the day of this revision if not given.",
)
@click.option(
    "--session",
    "sessions",
    multiple=True,
    metavar="ID|DATE",
    help="Hold this session alone; again for others.",
)
@_changes
def hold(
    file: str,
    at: str | None,
    output: tuple[str, ...],
    as_json: bool,
    reason: str,
    who: str,
    since: str | None,
    sessions: tuple[str, ...],
) -> None:
    """
    Hold sessions: a clinician's stop. They are to be confirmed until it is lifted.

    The sessions keep their days and chairs, and calendars say that they are to be
    confirmed. The reason is for the clinic: it stands in the course file and on
    this terminal, and stays out of patients' files.

    \b
    ketsched hold course.json --reason "blood pressure" --who "Dr A"
    ketsched hold course.json --reason "rash" --who "Dr A" \\
        --session 2027-01-11 -o patient.ics
    """
    opened = _open(file, at, output)
    day = opened.today if since is None else inputs.located("--since", read_date, since)
    named = tuple(_session_named(opened.course, text, "--session") for text in sessions)
    named = tuple(dict.fromkeys(named))
    course = around.hold(opened.course, reason=reason, who=who, since=day, sessions=named, at=opened.at)
    made = course.holds[-1]
    held = companions.several(course, named) if named else f"all from {pictures.on(day)} on"
    _finish(opened, course, f"hold {made.id} by {who}: {held}", as_json=as_json)


@click.command()
@_course_file
@click.argument("hold_id", metavar="HOLD")
@click.option("--who", required=True, metavar="NAME", help="Who lifts it.")
@click.option("--on", required=True, metavar="DATE", help="The date on which it was decided.")
@_changes
def lift(
    file: str, at: str | None, output: tuple[str, ...], as_json: bool, hold_id: str, who: str, on: str
) -> None:
    """
    Lift a hold, by name and date; HOLD is its id, such as h1.

    Sessions become firm unless something else holds them up: another hold, an
    outcome that is missing, an authorisation.

    \b
    ketsched lift course.json h1 --who "Dr A" --on 2027-01-13 -o patient.ics
    """
    opened = _open(file, at, output)
    day = inputs.located("--on", read_date, on)
    course = around.lift(opened.course, hold_id, who=who, on=day, at=opened.at)
    _finish(opened, course, f"hold {hold_id} lifted by {who} on {pictures.on(day)}", as_json=as_json)


@click.command()
@_course_file
@click.option("--sessions", required=True, type=int, metavar="N", help="How many sessions are paid for.")
@click.option(
    "--from", "first", metavar="DATE", help="First day on which they are; from the start if not given."
)
@click.option("--until", metavar="DATE", help="Last day on which they are; no end if not given.")
@click.option(
    "--scope",
    default="",
    metavar="PHASE",
    help="For this phase alone: a phase by its name, such as induction.",
)
@click.option(
    "--required",
    is_flag=True,
    help="The sessions it pays for must lie within its dates: check then says if one does not.",
)
@click.option(
    "--warn-days",
    type=int,
    default=14,
    show_default=True,
    metavar="N",
    help="So many days before it runs out check warns; 14 is a house default.",
)
@click.option("--name", default="", metavar="TEXT", help="What the clinic calls it; for its own files.")
@_changes
def authorise(
    file: str,
    at: str | None,
    output: tuple[str, ...],
    as_json: bool,
    sessions: int,
    first: str | None,
    until: str | None,
    scope: str,
    **given: Any,
) -> None:
    """
    Record what a payer has authorised; sessions beyond it are to be confirmed.

    It pays after those that the course has, for the earliest sessions that have
    no authorisation yet. No session is moved.

    \b
    ketsched authorise course.json --sessions 6 --until 2027-03-31
    """
    opened = _open(file, at, output)
    inputs.located("--scope", check_scope, scope, opened.course.protocol)
    paid = Authorisation(
        sessions=sessions,
        first=None if first is None else inputs.located("--from", read_date, first),
        until=None if until is None else inputs.located("--until", read_date, until),
        scope=scope,
        **given,
    )
    course = around.authorise(opened.course, paid, at=opened.at)
    _finish(opened, course, f"{pictures.many(sessions, 'session')} authorised", as_json=as_json)


@click.command()
@_course_file
@click.argument("companion", metavar="COMPANION")
@click.argument("outcome", metavar="continue|stop", type=click.Choice(["continue", "stop"]))
@click.option("--who", required=True, metavar="NAME", help="Who decided it.")
@click.option("--on", required=True, metavar="DATE", help="The date on which it was decided.")
@_changes
def decide(
    file: str,
    at: str | None,
    output: tuple[str, ...],
    as_json: bool,
    companion: str,
    outcome: str,
    who: str,
    on: str,
) -> None:
    """
    Record the outcome of a screening or a review: continue, or stop.

    The sessions after it are to be confirmed until then; with "stop" they stay so.
    COMPANION is the booking's id (screening:start), its name in the protocol
    (screening) or its day, whichever names one alone.

    \b
    ketsched decide course.json screening continue --who "Dr A" --on 2026-12-28
    """
    opened = _open(file, at, output)
    name = _booking_named(opened.course, companion, deciding=True)
    decided = Decision(what=outcome, on=inputs.located("--on", read_date, on), who=who)
    course = around.decide(opened.course, name, decided, at=opened.at)
    _finish(opened, course, f"{_titled(course, name)}: {outcome} ({who})", as_json=as_json)


@click.command()
@_course_file
@click.argument("companion", metavar="COMPANION")
@_changes
def done(file: str, at: str | None, output: tuple[str, ...], as_json: bool, companion: str) -> None:
    """
    Record that a task is done, or that an appointment took place.

    What decides about sessions has an outcome instead: ketsched decide.
    COMPANION is the booking's id (form:s1), its name in the protocol (form) or
    its day, whichever names one alone.

    \b
    ketsched done course.json form:s1
    """
    opened = _open(file, at, output)
    name = _booking_named(opened.course, companion, deciding=False)
    course = around.done(opened.course, name, at=opened.at)
    _finish(opened, course, f"{_titled(course, name)}: done", as_json=as_json)


@click.command()
@_course_file
@click.argument("session", metavar="SESSION")
@click.argument("known", metavar="confirmed|none|self", type=click.Choice(["confirmed", "none", "self"]))
@_changes
def ride(file: str, at: str | None, output: tuple[str, ...], as_json: bool, session: str, known: str) -> None:
    """
    Record what is known of the ride home after a session.

    It is confirmed, there is none, or the patient means to drive (self); check
    reports the last two where the protocol forbids driving. A task about it is
    done once it is confirmed. SESSION is its id, or its day if it is alone on it.

    \b
    ketsched ride course.json 2027-01-11 confirmed
    """
    opened = _open(file, at, output)
    name = _session_named(opened.course, session, "SESSION")
    course = around.arrange(opened.course, name, known, at=opened.at)
    day = next(one.day for one in course.sessions if one.id == name)
    said = {"confirmed": "confirmed", "none": "there is none", "self": "the patient means to drive"}[known]
    _finish(opened, course, f"ride home on {pictures.on(day)}: {said}", as_json=as_json)


@click.command()
@_course_file
@click.option(
    "--case", metavar="CASE.toml", help="Take clinic, calendars, time and what the patient cannot from it."
)
@inputs.clinic_options
@inputs.calendars_option
@click.option("--time", "clock", metavar="HH:MM", help="Time of day to be near to.")
@_changes
def accompany(
    file: str,
    at: str | None,
    output: tuple[str, ...],
    as_json: bool,
    case: str | None,
    calendars: tuple[str, ...],
    clock: str | None,
    **clinic: Any,
) -> None:
    """
    Place anew what goes around the sessions; the sessions stay as they are.

    What still fits stays where it is; what has lost its place is moved, and what
    has lost its session is cancelled. Needed after sessions were moved, or when
    somebody's hours have changed.

    \b
    ketsched accompany course.json --clinic clinic.toml \\
        --calendar therapist=therapist.toml -o patient.ics
    """
    opened = _open(file, at, output)
    known = None if case is None else load_case(case)
    calendar = inputs.clinic_calendar(**clinic, known=None if known is None else known.calendar)
    _check_zone(opened.course, calendar)
    assert calendar is not None  # noqa: S101 - the line above has seen to it
    others = dict(known.calendars) if known is not None else {}
    others |= inputs.named_calendars(calendars, opened.course.protocol)
    near = None if known is None else known.time
    hour = near if clock is None else inputs.located("--time", read_time, clock)
    _check_named(opened.course, others)
    course = accompany_course(
        opened.course,
        calendar=calendar,
        calendars=others,
        availability=None if known is None else known.availability,
        time=hour,
        at=opened.at,
    )
    _finish(opened, course, "around the sessions", as_json=as_json, calendar=calendar, calendars=others)


def _titled(course: Course, name: str) -> str:
    """Call a booking by its title and its day."""
    placed = next(placed for placed in course.companions if placed.id == name)
    return f"{course.protocol.companion(placed.companion).title} of {pictures.on(placed.day)}"


def _check_named(course: Course, calendars: Mapping[str, Calendar]) -> None:
    """Refuse to move appointments by other hours than those of whom they need."""
    definitions = {companion.id: companion for companion in course.protocol.companions}
    needed = {definitions[placed.companion].calendar for placed in course.companions if placed.status.stands}
    missing = sorted(needed - {""} - calendars.keys())
    if missing:
        raise InvalidInput(
            what=f"the calendar of {missing[0]} is missing",
            where="--calendar",
            why="without it the clinic's hours would decide where appointments with them go",
            fix=f"give --calendar {missing[0]}=FILE, or --case with a case file that names it",
        )


def _check_zone(course: Course, calendar: Calendar | None) -> None:
    if calendar is None:
        raise InvalidInput(
            what="the clinic's hours are missing",
            where="the command line",
            why="what goes around the sessions is placed within them",
            fix="give --clinic FILE, or --zone and --hours, or --case CASE.toml",
        )
    if calendar.zone != course.zone:
        raise InvalidInput(
            what=f"the course is in {course.zone[:60]}, its clinic in {calendar.zone}",
            where="--clinic",
            why="days and times are local to the clinic",
            fix="give the file of the clinic that the course was planned for",
        )


def _session_named(course: Course, text: str, option: str) -> str:
    """Return the id of the session that is meant by its id, or by its day if only one is on it."""
    if any(session.id == text for session in course.sessions):
        return text
    known = [(session.id, session.day) for session in course.standing()]
    return _on_its_day(known, text, option, "session")


def _booking_named(course: Course, text: str, *, deciding: bool) -> str:
    """
    Return the id of an appointment or task, meant by its id, its companion's id or its day.

    Args:
        course: The course.
        text: As it was typed.
        deciding: Whether it is one of those that decide about sessions, or one of the others.
    """
    gates = {companion.id for companion in course.protocol.companions if companion.gate}
    known = [p for p in course.companions if p.status.stands and (p.companion in gates) is deciding]
    if any(placed.id == text for placed in known):
        return text
    named = [placed for placed in known if placed.companion == text]
    if len(named) == 1:
        return named[0].id
    one = "appointment that decides" if deciding else "appointment or task"
    days = [(placed.id, placed.day) for placed in named or known]
    return _on_its_day(days, text, "COMPANION", one)


def _on_its_day(known: list[tuple[str, date]], text: str, option: str, one: str) -> str:
    """Return the id of the one thing that is on a day, or say which there are."""
    try:
        day = read_date(text)
    except KetschedError:
        day = None
    found = [(name, on) for name, on in known if on == day]
    if len(found) == 1:
        return found[0][0]
    near = found or known
    shown = ", ".join(f"{name} ({on})" for name, on in near[:8]) + (", ..." if len(near) > 8 else "")
    raise InvalidInput(
        what=f"{len(found)} of the course are on {text}" if found else f"there is no {one} {text[:40]!r}",
        where=option,
        why=f"the course has {shown or 'none'}",
        fix="name one of these by its id, or by its day if it is alone on it" if known else "leave it",
    )
