"""
What the events of a calendar file say: their titles and descriptions, for one reader.

A session's description holds what is safe only if it is read there, because readers drop
alarms: what to leave out, when not to drive, who takes the patient home. Notices and tasks
are lines of it too. A discreet reader is told by topic, in words that tell nothing; the
clinic's own words stand only where all is told. A hold's reason is for the clinic alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from ketsched import around
from ketsched.interchange.contentlines import text
from ketsched.interchange.timing import DAY, MINUTE, Moments, Timing
from ketsched.interchange.wording import Audience, Privacy, Publication, clock
from ketsched.model import Companion, Course, Phase, PlacedCompanion, Session, Status

Around = tuple[list[str], list[str]]
"""Lines before and after those that differ from session to session."""


class Telling:
    """
    Says the titles and descriptions of one file: titles as they are, lines of a description escaped.

    Sessions of a phase at the same time of day share most of their words; those are made
    once. That holds on days on which the clocks run evenly, which is asked each time.
    """

    def __init__(self, course: Course, publication: Publication, timing: Timing) -> None:
        self.course, self.words, self.timing = course, publication.words, timing
        self.for_patient = publication.audience is Audience.PATIENT
        self.named = publication.privacy is not Privacy.DISCREET
        self.full = publication.privacy is Privacy.FULL
        self.for_clinic_in_full = self.full and not self.for_patient
        self.phases = {phase.name: phase for phase in course.protocol.phases}
        self.definitions = {companion.id: companion for companion in course.protocol.companions}
        self.numbers, self.totals = _numbers(course)
        self.decided = text(self.words.decided_by[publication.audience])
        self.alike: dict[tuple[object, ...], Around] = {}
        self.homes: dict[tuple[str, str], bool] = {}
        self.until: dict[tuple[str, date, time | None], datetime] = {}
        self.driving: dict[str, str] = {}
        self.notices = self._notices()
        self.beside: dict[str, list[str]] = {}
        self.rides: set[str] = set()
        for placed in course.companions:
            self._put_beside(placed, self.definitions[placed.companion])
        self.findings: dict[str, list[str]] = {}
        self.reasons: dict[str, tuple[str, ...]] = {}
        if self.for_clinic_in_full:
            self._sort_findings(publication)
            self.reasons = around.to_confirm(course)

    def told(self, companion: Companion) -> bool:
        """Whether this reader is told of a companion at all."""
        return companion.for_patient if self.for_patient else companion.for_clinic

    # Sessions

    def facts(self, session: Session) -> tuple[object, ...]:
        """Return what its title and description depend on, beside the session itself and the protocol."""
        return (
            (self.numbers.get(session.id), self.totals.get(session.phase)) if self.named else (),
            self.notices.get(session.id, ()),
            self.beside.get(session.id, []),
            session.id in self.rides,
            self.reasons.get(session.id, ()),
        )

    def session_title(self, session: Session) -> str:
        """Return the title of a session."""
        words, phase = self.words, self.phases[session.phase]
        title = words.session
        if self.named:
            title = words.series.get(phase.kind, words.series["induction"])
            if session.status.stands:
                title = words.numbered.format(
                    title=title, number=self.numbers[session.id], total=self.totals[session.phase]
                )
        if self.full:
            title = words.with_route.format(title=title, route=session.route or phase.route)
        return self.marked(title, session.status)

    def marked(self, title: str, status: Status) -> str:
        """Return a title that says what a booking is: to be confirmed, or cancelled."""
        if status is Status.FIRM:
            return title
        if status is Status.TENTATIVE:
            return self.words.tentative.format(title=title)
        return title if status.stands else self.words.cancelled.format(title=title)

    def session(self, session: Session, at: Moments) -> str:
        """Return the description of a session."""
        phase, status = self.phases[session.phase], session.status
        if not status.stands:
            said = [text(self._off(status))]
        else:
            said = [text(self.words.not_confirmed)] if status is Status.TENTATIVE else []
            before, after = self._around(session, phase, at)
            said += before
            said += self.beside.get(session.id, ())
            if self.named and not self.for_patient and session.chair is not None:
                said.append(text(self.words.chair.format(number=session.chair)))
            if phase.no_driving is not None and (self.named or self.for_patient):
                said.append(self._driving(session, phase.no_driving, at))
            said += after
        if self.full:
            if status is Status.TENTATIVE:
                reasons = self.reasons.get(session.id, ())
                said += [text(self.words.to_confirm.format(reason=reason)) for reason in reasons]
            protocol = self.course.protocol
            said.append(text(self.words.route.format(route=session.route or phase.route)))
            said.append(
                text(
                    self.words.protocol.format(title=protocol.title, id=protocol.id, version=protocol.version)
                )
            )
            said += map(text, self.findings.get(session.id, ()))
        return self._joined(said)

    def _joined(self, said: list[str]) -> str:
        return r"\n".join([*said, self.decided])

    def _off(self, status: Status) -> str:
        missed = status is Status.MISSED
        return self.words.did_not_take_place if missed else self.words.does_not_take_place

    def _around(self, session: Session, phase: Phase, at: Moments) -> Around:
        """Return the lines that sessions of a phase share at the same time of an even day."""
        notices = self.notices.get(session.id, ())
        ride = session.id in self.rides
        key = (phase.name, session.time, session.place, session.route, ride, *[n.id for n in notices])
        even = self.timing.even(session.day)
        if even and (known := self.alike.get(key)):
            return known
        home = self._at_home(session, phase)
        since = self._since(phase, at) if self.for_patient else []
        before = [self._when(phase, at, home), *self._left_out(phase, at, since)]
        after = []
        if self.for_patient and not home and (ride or phase.no_driving is not None):
            after.append(self.words.ride_home)
        times = [*since, at.end]
        for notice in notices:
            begin, end = self._holds(notice, at)
            lines = before if end is None and begin is not None else after
            lines.append(self._notice(notice, phase, begin, end, at))
            times += [moment for moment in (begin, end) if moment is not None]
        if self.full or (self.named and not self.for_patient):
            after += self._parts(session, phase, at)
        both = _escaped(before), _escaped(after)
        if even and all(moment.date() == session.day for moment in times):
            self.alike[key] = both
        return both

    def _at_home(self, session: Session, phase: Phase) -> bool:
        key = (phase.name, session.place)
        if key not in self.homes:
            self.homes[key] = self.course.is_at_home(session)
        return self.homes[key]

    def _when(self, phase: Phase, at: Moments, home: bool) -> str:
        template = self.words.begins if home or not self.for_patient else self.words.arrive
        return self._from_to(template, at.start, at.end, phase.anatomy.chair_time // MINUTE)

    def _from_to(self, template: str, start: datetime, end: datetime, minutes: int) -> str:
        takes = self.words.takes.format(length=self.words.length(minutes), time=self._by(end, start.date()))
        return f"{template.format(time=clock(start))} {takes}"

    def _by(self, moment: datetime, day: date) -> str:
        """Say a clock time, with its day if that is not the one that is spoken of."""
        return clock(moment) if moment.date() == day and not moment.fold else self.words.moment(moment)

    def _since(self, phase: Phase, at: Moments) -> list[datetime]:
        return [self.timing.after(at.treatment, -restriction.minutes) for restriction in phase.before]

    def _left_out(self, phase: Phase, at: Moments, since: list[datetime]) -> Iterable[str]:
        """Say what the patient leaves out, and since when, counted back from the start of the treatment."""
        said = []
        for restriction, begin in zip(phase.before, since, strict=False):
            template = self.words.left_out.get(restriction.what.strip().casefold())
            if template is None:  # what it is could tell the drug
                template = self.words.left_out_full if self.full else self.words.left_out_discreet
            said.append(template.format(time=self._by(begin, at.start.date()), what=restriction.what))
        return dict.fromkeys(said)

    def _driving(self, session: Session, rule: timedelta | str, at: Moments) -> str:
        """Say until when the patient does not drive, counted from the end of the treatment."""
        known = self.driving.get(session.id)
        if known is None:
            if isinstance(rule, timedelta):
                until = self.words.moment(self._drives_from(session, rule, at))
                said = self.words.no_driving_until.format(time=until)
            else:
                day = self.words.date(at.treated.date() + DAY)
                said = self.words.no_driving_next_day.format(day=day)
            known = self.driving[session.id] = text(said)
        return known

    def _drives_from(self, session: Session, rule: timedelta, at: Moments) -> datetime:
        key = session.id, session.day, session.time  # a session is also asked about as it was before
        known = self.until.get(key)
        if known is None:
            known = self.until[key] = self.timing.after(at.treated, -(-rule // MINUTE))
        return known

    def _parts(self, session: Session, phase: Phase, at: Moments) -> Iterator[str]:
        words, day = self.words, at.start.date()
        prepare, treatment, observe, discharge = words.parts
        if self.full:
            route = session.route or phase.route
            treatment = words.treatments.get(route.strip().casefold(), treatment)
        for part, begin, end in zip((prepare, treatment, observe, discharge), at, at[1:], strict=False):
            if begin != end:
                yield words.part.format(part=part, start=self._by(begin, day), end=self._by(end, day))
        if not self.for_patient:
            yield words.chair_free.format(time=self._by(at.end, day))

    def _sort_findings(self, publication: Publication) -> None:
        places = {session.id: session.id for session in self.course.sessions}
        for placed in self.course.companions:
            companion = self.definitions[placed.companion]
            if self.told(companion):
                places[placed.id] = placed.session if companion.on_session_days == "during" else placed.id
        for finding in publication.findings:
            said = self.words.finding.format(code=finding.code, what=finding.what)
            # An appointment or task stands nearer to it than its session; the one to act on comes last.
            about = getattr(finding, "companions", ()) or getattr(finding, "sessions", ())
            self.findings.setdefault(places.get(about[-1], "") if about else "", []).append(said)

    # Notices, tasks and what happens during a session: lines of its description

    def _notices(self) -> dict[str, tuple[Companion, ...]]:
        """Return the notices that this reader is told, by session: a clinic only where all is told."""
        if not self.course.protocol.companions or not (self.for_patient or self.full):
            return {}
        found = around.notices(self.course).items()
        return {session: tuple(filter(self.told, notices)) for session, notices in found}

    def _holds(self, notice: Companion, at: Moments) -> tuple[datetime | None, datetime | None]:
        """Return since when and until when a notice holds; None where it says no time."""
        return (
            None if notice.before is None else self.timing.after(at.treatment, -notice.before),
            None if notice.after is None else self.timing.after(at.treated, notice.after),
        )

    def _notice(
        self, notice: Companion, phase: Phase, begin: datetime | None, end: datetime | None, at: Moments
    ) -> str:
        words, day = self.words, at.start.date()
        said = (notice.text or notice.title) if self.full else self._neutral(notice, phase)
        if begin is not None and end is not None:
            start, until = self._by(begin, day), self._by(end, day)
            return words.holds_between.format(start=start, end=until, said=said)
        if begin is not None:
            return words.holds_from.format(start=self._by(begin, day), said=said)
        return said if end is None else words.holds_until.format(end=self._by(end, day), said=said)

    def _neutral(self, notice: Companion, phase: Phase) -> str:
        """Say a notice by its topic alone; water is not asked for against a rule of the same session."""
        words = self.words
        if notice.topic == "fluids":
            if notice.before is None and notice.after is not None:
                return words.water_after
            left_out = (restriction.what.strip().casefold() for restriction in phase.before)
            if words.nothing_to_drink in map(words.left_out.get, left_out):
                return words.water_until
            if notice.before is not None and notice.after is None:
                return words.water_before
        known = words.notices.get(notice.topic)
        if known is None and self.named:
            known = words.notices_named.get(notice.topic)
        return known or words.notice

    def _put_beside(self, placed: PlacedCompanion, companion: Companion) -> None:
        """Keep what a session's description says of a task, or of what happens during the session."""
        if companion.topic == "ride" and placed.status.stands and companion.kind == "task":
            self.rides.add(placed.session)
        if not self.told(companion) or not placed.status.stands:
            return
        said = ""
        if companion.on_session_days == "during":
            said = self._during(placed, companion)
        elif (
            companion.kind == "task" and self.for_patient
        ):  # done or not: the session's event stays as it was
            said = self._task(placed, companion)
        lines = self.beside.setdefault(placed.session, [])
        if said and (escaped := text(said)) not in lines:
            lines.append(escaped)

    def _during(self, placed: PlacedCompanion, companion: Companion) -> str:
        if not self.named or placed.time is None:
            return self.words.during_discreet
        length = self.words.length(companion.minutes)
        title = self._called(companion)
        return self.words.during.format(time=clock(placed.time), title=title, length=length)

    def _task(self, placed: PlacedCompanion, companion: Companion) -> str:
        words, day = self.words, self.words.date(placed.day)
        if self.full:
            return words.task_full.format(day=day, said=companion.text or companion.title)
        template = words.tasks.get(companion.topic)
        if template is None and self.named:
            template = words.tasks_named.get(companion.topic)
        return (template or words.task).format(day=day)

    # Appointments and tasks as events of their own

    def companion_title(self, placed: PlacedCompanion, companion: Companion) -> str:
        """Return the title of an appointment or task."""
        return self.marked(self._called(companion), placed.status)

    def _called(self, companion: Companion) -> str:
        words = self.words
        general = words.reminder if companion.kind == "task" else words.session
        if self.full:
            return companion.title
        return words.topics.get(companion.topic, general) if self.named else general

    def appointment(
        self, placed: PlacedCompanion, companion: Companion, start: datetime, end: datetime
    ) -> str:
        """Return the description of an appointment."""
        words, status = self.words, placed.status
        if not status.stands:
            said = [self._off(status)]
        else:
            said = [words.not_confirmed] if status is Status.TENTATIVE else []
            arrives = self.for_patient and companion.place == "clinic"
            template = words.arrive if arrives else words.begins
            said.append(self._from_to(template, start, end, companion.minutes))
            if companion.place in words.by_place:
                said.append(words.by_place[companion.place])
            if self.full and companion.text:
                said.append(companion.text)
        return self._joined(_escaped((*said, *self._for_the_clinic(placed, companion))))

    def task(self, placed: PlacedCompanion, companion: Companion) -> str:
        """Return the description of a task."""
        words = self.words
        match placed.status:
            case Status.CLOSED:
                said = [words.no_longer]
            case Status.MISSED:
                said = [words.not_done]
            case Status.FULFILLED:
                said = [words.done]
            case _ if self.for_patient:
                said = [self._task(placed, companion)]
            case _:
                said = [words.due.format(day=words.date(placed.day))]
                said += [companion.text] if self.full and companion.text else []
        return self._joined(_escaped((*said, *self._for_the_clinic(placed, companion))))

    def _for_the_clinic(self, placed: PlacedCompanion, companion: Companion) -> Iterator[str]:
        """Say what only a clinic is told, and only where all is told."""
        if not self.for_clinic_in_full:
            return
        words, outcome = self.words, placed.outcome
        if companion.areas:
            yield words.areas.format(areas=", ".join(companion.areas))
        if outcome is not None:
            yield words.outcome.format(what=outcome.what, who=outcome.who, day=words.date(outcome.on))
        elif companion.gate and placed.status.stands:
            yield words.no_outcome
        yield from self.findings.get(placed.id, ())

    # The day after a session

    def last_day_after(self, session: Session, at: Moments) -> date | None:
        """
        Return the last date on which a session still forbids to drive, if that is a later one.

        None where it does not, at home, and for a session that was cancelled before it was ever given out.
        """
        phase = self.phases[session.phase]
        rule = phase.no_driving
        if rule is None or not (session.status.stands or session.sequence) or self._at_home(session, phase):
            return None
        if not isinstance(rule, timedelta):
            return at.treated.date() + DAY
        last = (self._drives_from(session, rule, at) - MINUTE).date()
        return last if last > session.day else None

    def day_after_title(self, session: Session) -> str:
        """Return the title of the day after a session."""
        title = self.words.day_after_named if self.named else self.words.day_after
        return self.marked(title, session.status)

    def day_after(self, session: Session, at: Moments) -> str:
        """Return the description of the day after a session."""
        if not session.status.stands:
            return self._joined([text(self.words.no_longer)])
        phase = self.phases[session.phase]
        rule = phase.no_driving
        said = [
            self._driving(session, rule, at)
            if isinstance(rule, timedelta)
            else text(self.words.no_driving_slept)
        ]
        for notice in self.notices.get(session.id, ()):
            _, end = self._holds(notice, at)
            if end is not None and end.date() > session.day:
                said.append(text(self._notice(notice, phase, None, end, at)))
        return self._joined(list(dict.fromkeys(said)))


def _escaped(lines: Iterable[str]) -> list[str]:
    """Return the lines escaped, each once."""
    return list(dict.fromkeys(map(text, lines)))


def _numbers(course: Course) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of each standing session, as `Course.number`, and how many there are in each phase."""
    numbers: dict[str, int] = {}
    totals: dict[str, int] = {}
    for session in sorted(course.standing(), key=lambda s: (s.day, s.time or time(), s.id)):
        before = totals.get(session.phase, 0)
        numbers[session.id] = before + 1
        totals[session.phase] = before + session.counts
    return numbers, totals
