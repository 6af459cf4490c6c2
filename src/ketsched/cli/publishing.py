"""`ketsched export` and `ketsched publish`: calendars of a course, as files and on a CalDAV server."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import click

from ketsched import reporting
from ketsched.checking import check
from ketsched.cli import inputs, pictures, revising
from ketsched.cli.options import (
    AS_OF,
    AT,
    CALENDARS,
    DRY_RUN,
    JSON,
    OUTPUT,
    SCRIPTS,
    choice,
    command,
    option,
    under,
)
from ketsched.entries import event_named
from ketsched.errors import InvalidInput
from ketsched.files import write_several
from ketsched.interchange.caldav import Published, credentials
from ketsched.interchange.caldav import publish as publish_course
from ketsched.interchange.feeds import Feed, publish_feeds
from ketsched.interchange.folder import read_courses
from ketsched.interchange.outputs import calendars_of
from ketsched.model import Course
from ketsched.screens import Table, at_hour, on


@command()
@revising.course_file
@under(OUTPUT, CALENDARS, JSON)
@under(SCRIPTS, AS_OF)
def export_command(file: str, output: tuple[str, ...], as_json: bool, as_of: date | None) -> None:
    """
    Write calendars, pages and tables from a course; the course stays as it is.

    \b
    ketsched export course.json -o patient.ics -o patient.html -o clinic.ics:clinic,full
    """
    course = revising.read_course(file)
    outputs = calendars_of(output, Path(file), changes_only=False)
    if not outputs:
        raise InvalidInput(
            what="no file to write",
            where="-o",
            why="the name of the file says the format, and for whom it is",
            fix="add -o patient.ics, or -o clinic.ics:clinic,full",
        )
    findings = check(course)
    today = revising.present(course, as_of)
    remarks = write_several(
        [one.content(course, findings, beside=Path(file), today=today) for one in outputs]
    )
    if as_json:
        click.echo(reporting.as_json({"written": [str(one.path) for one in outputs]}))
        return
    for line in (*(f"wrote {one}" for one in outputs), *remarks):
        click.echo(line)


@command()
@revising.course_file
@under(
    OUTPUT,
    option("--caldav", "URL", "The address of the calendar itself", to="url"),
    option("--to", "FOLDER", "A folder of feeds instead, that a web server gives out", to="folder"),
    option("--revoke", "ID", "With --to: this course's feeds get new names", several=True),
    choice("--audience", ("patient", "clinic"), "Who reads the calendar", "patient"),
    choice("--privacy", ("discreet", "named", "full"), "How much its events tell", "discreet"),
    option("--ca", "FILE", "Certificates to trust, if the server's is not one of the machine's"),
    option(
        "--overwrite",
        "UID|ID|DATE",
        "Decide a conflict for the course: an event by its UID, a session by its id or day",
        several=True,
    ),
    DRY_RUN,
    JSON,
)
@under(SCRIPTS, AT)
@click.pass_context
def publish_command(  # noqa: PLR0913 - a parameter for each option
    ctx: click.Context,
    /,
    file: str,
    url: str | None,
    folder: str | None,
    revoke: tuple[str, ...],
    audience: str,
    privacy: str,
    ca: str | None,
    overwrite: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    at: datetime | None,
) -> None:
    """
    Bring a calendar on a CalDAV server, or a folder of feeds, up to date.

    Only what differs is written, so it can be repeated. An event that somebody
    moved or changed there is a conflict: it is listed and left as it is, unless
    --overwrite names it. So is one that the server refuses; the others are written
    all the same. User and password come from KETSCHED_CALDAV_USER and
    KETSCHED_CALDAV_PASSWORD, or from the machine's keyring.

    With --to, each course gets a calendar file there whose name nobody can guess, to
    be subscribed to; it keeps that name. FILE may then be a folder of courses.

    Exit codes: 0 up to date, 1 conflicts, 2 the server or the course cannot be used.

    \b
    ketsched publish course.json --caldav https://cal.example.org/nurse/clinic/ \\
        --audience clinic --dry-run
    ketsched publish courses --to /srv/calendars
    """
    if (url is None) == (folder is None) or (revoke and folder is None) or (dry_run and url is None):
        raise InvalidInput(
            what="It is not clear where to publish.",
            where="--caldav, --to",
            why="a course goes to a calendar server, or as a feed into a folder; --revoke is for feeds, "
            "--dry-run for a server",
            fix="give --caldav URL, or --to FOLDER",
        )
    if url is None:
        feeds = inputs.by_option(
            publish_feeds,
            read_courses(file) if Path(file).is_dir() else [revising.read_course(file)],
            folder=folder,
            at=at or datetime.now(UTC),
            audience=audience,
            privacy=privacy,
            revoke=revoke,
        )
        _show_feeds(feeds, as_json)
        return
    course = revising.read_course(file)
    forced = [inputs.located("--overwrite", event_named, course, text) for text in overwrite]
    user, password = credentials(url, os.environ)
    if ca is not None and not Path(ca).is_file():
        raise InvalidInput(
            what="there is no file of certificates",
            where=f"--ca {ca[:200]}",
            why="the server's certificate is checked against those in it",
            fix="name a file in PEM form, or leave --ca out",
        )
    with pictures.waiting("asking the server ..."):
        done = inputs.located(
            "--caldav",
            lambda: publish_course(
                course,
                url,
                username=user,
                password=password,
                audience=audience,
                privacy=privacy,
                overwrite=forced,
                dry_run=dry_run,
                verify=True if ca is None else ca,
            ),
        )
    if as_json:
        found = {
            "dry_run": dry_run,
            "events": [{**attrs.asdict(one), "day": one.day.isoformat()} for one in done],
        }
        click.echo(reporting.as_json(found))
    else:
        _show(course, done, dry_run=dry_run)
    ctx.exit(1 if any(one.action == "conflict" for one in done) else 0)


def _show_feeds(found: Sequence[Feed], as_json: bool) -> None:
    if as_json:
        click.echo(reporting.as_json([attrs.asdict(feed) for feed in found]))
        return
    pictures.present(Table(("course", "feed", "is"), tuple(attrs.astuple(feed) for feed in found)), "")
    click.echo("Whoever has the address of a feed can read it: your server's address, and the name.")


def _when(event: Published, hours: Mapping[str, str]) -> str:
    """Say when an event is, with the clinic's hour if it is on the day of what is booked."""
    booked = hours.get(event.booking, "")
    return booked if booked.startswith(on(event.day)) else on(event.day)


def _show(course: Course, done: Sequence[Published], *, dry_run: bool) -> None:
    hours = {name: at_hour(booking) for name, booking in course.bookings().items()}
    told = (one for one in done if one.action != "unchanged")
    rows = tuple((one.title, _when(one, hours), one.action, one.why) for one in told)
    if rows:
        pictures.present(Table(("event", "day", "is", "because"), rows), "")
    actions = [one.action for one in done]
    counted = ", ".join(f"{actions.count(word)} {word}" for word in dict.fromkeys(actions))
    click.echo(counted or "the course has no events")
    if dry_run:
        click.echo("nothing was written: --dry-run")
    if "conflict" in actions:
        click.echo(
            "conflicts were left as they are; --overwrite ID decides one that the server does not refuse"
        )
