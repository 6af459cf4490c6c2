"""What the commands share that plan a course again: their options, and what is told of the new plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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
    WHO,
    WHO_DECIDED,
    Decorator,
    flag,
    under,
)
from ketsched.interchange.beside import Known
from ketsched.model import Course
from ketsched.screens.replans import Replanned, counted_in_words, refused_parts, refused_values
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
            **given: Any,
        ) -> Any:
            reading = placing.required if books else placing.or_any
            known = reading(hours, opened.course, opened.path)
            today = opened.as_of(as_of)
            return command(
                told=Telling(opened=opened, known=known, today=today, who=who, dry_run=dry_run), **given
            )

        opening = revising.changes(DRY_RUN)(prepared)
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
            moving=moving,
            seen=seen,
            plans=plans,
            others=others,
        )
        if self.dry_run:
            lines = ["nothing was written: --dry-run" if made.is_changed else "nothing has changed"]
        else:
            lines = opened.write(course, findings)
            lines += self.known.reminders(course) if made.is_changed else ()
        if opened.as_json:
            click.echo(reporting.as_json(made.values(written=made.is_changed and not self.dry_run)))
            return
        pictures.present(*made.change_parts())
        if made.breaks and len(course.waivers) == len(opened.course.waivers):
            pictures.show(
                'a clinician documents that: --reason "why" --who NAME, or a file of waivers for check'
            )
        if made.leaves_appointments:
            pictures.show(
                "appointments around it stay where they were: ketsched appointments places them anew"
            )
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
