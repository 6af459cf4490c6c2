"""What the commands share that plan a course again: their options, and what is told of the new plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import wraps
from typing import Any

import attrs
import click

from ketsched import reporting
from ketsched.checking import Finding, check
from ketsched.cli import pictures, placing, revising
from ketsched.cli.options import (
    AS_OF,
    DRY_RUN,
    NOTICE,
    SCRIPTS,
    TO_DO,
    VERBOSE,
    WHO,
    WHO_DECIDED,
    Decorator,
    flag,
    under,
)
from ketsched.interchange.beside import Known
from ketsched.model import Course
from ketsched.screens import Part
from ketsched.screens.findings import finding_lines
from ketsched.screens.replans import Replanned, choices_of, refused_parts, refused_values
from ketsched.screens.rows import paragraph
from ketsched.tracking import Forecast, Moving, Proposal

_ALLOW_LATE = flag(
    "--allow-late", "Go past limits that cannot be kept; each is listed for a clinician", to="exceed"
)


def replans(*, sessions: bool = False, books: bool = True) -> Decorator:
    """
    Add the options that all commands take that book again: clinic, day, who, whether to write.

    The command gets `told` in place of what they were given.

    Args:
        sessions: Whether sessions are planned: it then takes `notice` and `exceed` as well.
        books: Whether anything is booked: it then needs the clinic's hours.
    """
    notice, late = ((NOTICE,), (_ALLOW_LATE,)) if sessions else ((), ())

    def adding(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def prepared(
            opened: revising.Opened,
            *,
            hours: placing.Reader,
            as_of: date | None,
            who: str,
            dry_run: bool,
            verbose: bool,
            **given: Any,
        ) -> Any:
            reading = placing.required if books else placing.or_any
            known = reading(hours, opened.course, opened.path)
            today = opened.as_of(as_of)
            return command(
                told=Telling(
                    opened=opened, known=known, today=today, who=who, dry_run=dry_run, verbose=verbose
                ),
                **given,
            )

        opening = revising.changes(VERBOSE, DRY_RUN)(prepared)
        under(WHO, WHO_DECIDED)(opening)
        under(SCRIPTS, AS_OF)(opening)
        under(TO_DO, *late)(opening)
        return revising.course_file(placing.hours_options(*notice, time=True)(opening))

    return adding


@attrs.frozen(kw_only=True)
class Telling:
    """Writes what was made of a course, and tells it."""

    opened: revising.Opened
    known: Known
    today: date
    who: str
    dry_run: bool
    verbose: bool = False

    @property
    def course(self) -> Course:
        """The course as it was given out last."""
        return self.opened.course

    def keywords(self, *, back: Collection[date] = ()) -> dict[str, Any]:
        """Return the keywords of all verbs that plan again; on days `back` the patient can come after all."""
        return {
            "at": self.opened.at,
            "as_of": self.today,
            "who": self.who,
            **self.known.keywords(self.course, back=back),
        }

    def findings(self, course: Course) -> tuple[Finding, ...]:
        """Return what the rules remark on a course, with what is known of the clinic."""
        if self.known.is_any:
            return check(course, as_of=self.today)
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
            known=self.findings(opened.course) if course != opened.course else (),
            moving=moving,
            seen=seen,
            plans=plans,
            others=others,
        )
        if self.dry_run:
            lines = ["Not saved (--dry-run)."] if made.is_changed else []
        else:
            lines = opened.write(course, findings)
            lines = lines if made.is_changed else lines[1:]  # that nothing has changed is said in other words
            lines += self.known.reminders(course) if made.is_changed else ()
        if opened.as_json:
            click.echo(reporting.as_json(made.values(written=made.is_changed and not self.dry_run)))
            return
        pictures.present(*self._parts(made))
        if self.verbose and made.findings:
            pictures.present("", *finding_lines(made.findings, file=str(opened.path)))
        pictures.present(*([""] if made.is_changed else []), *lines)

    def _parts(self, made: Replanned) -> Iterator[Part]:
        """Yield the dates, what needs attention, and what to say."""
        file, verbose = str(self.opened.path), self.verbose
        yield from made.change_parts()
        yield from made.attention_parts()
        if made.breaks and len(made.after.waivers) == len(made.before.waivers):
            yield 'To document it: the same with --reason "why" --who NAME'
        if made.leaves_appointments:
            yield paragraph(
                f"Its appointments stayed where they were. To rebook them: ketsched appointments {file}"
            )
        yield from made.lapse_parts(file)
        yield from made.finding_lines(file)
        yield from made.other_parts(file, verbose=verbose)
        yield from made.telephone_parts(verbose=verbose)

    def refused(self, moves: Sequence[Moving], repair: Course | None) -> None:
        """Say what moving sessions would break; nothing is written."""
        course = self.opened.course
        if self.opened.as_json:
            click.echo(reporting.as_json(refused_values(course, moves, repair)))
            return
        shown = repair if self.verbose or not moves else None
        pictures.present(*refused_parts(course, moves, shown), choices_of(moves, repair))
