"""
The values that everything else is about: protocols and courses.

All are frozen. A Protocol says what a paper, a label or a clinic prescribes; a Course is
one patient's sessions. Nothing here plans, checks or decides; a class checks itself when
built, and later code does not check again. Days are local dates at the clinic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import attrs

from ketsched.clock import aware, choices, later, moment, plausible, zone_named
from ketsched.errors import InvalidInput, InvalidProtocol

MOST_SESSIONS = 1000
"""Sessions that one course may have."""
LONGEST_YEARS = 20
"""Years that one course may last."""
MOST_MINUTES = 24 * 60
MOST_CHAIRS = 1000
"""As many as a calendar may have."""
LONGEST_ID = 255
"""Characters of a session's id: UIDs of calendars that were read have up to 255 octets (RFC 5545 3.8.4.7)."""
PREFERRED_APART = 3
"""Places that a preferred spacing may look back; further, planning would take seconds."""


def _check_text(text: object, name: str) -> None:
    """Refuse what no file can hold, without repeating it: it may name somebody."""
    if not isinstance(text, str) or re.search(r"[\ud800-\udfff]", text):
        raise InvalidInput(
            what=f"{name} is no text, or a text with half a character (a lone surrogate)",
            where=name,
            why="texts are whole characters, so that every format can hold them",
            fix="write the text again",
        )


def _text(_: object, attribute: attrs.Attribute[str], text: str) -> None:
    _check_text(text, attribute.name)


class Mark(StrEnum):
    """How far a number was verified; printed beside it wherever it is shown."""

    STATED = "stated"
    DERIVED = "derived"
    SECONDARY = "secondary"
    HOUSE = "house default"


@attrs.frozen(kw_only=True)
class Evidence:
    """
    Where one number of a protocol comes from.

    Attributes:
        key: Which number, "count" or "spacing 1".
        source: Keys of the protocol's sources, with commas between several.
        mark: How far it was verified.
        note: What else a reader should know.
    """

    key: str = attrs.field(validator=_text)
    source: str = attrs.field(validator=_text)
    mark: Mark
    note: str = attrs.field(default="", validator=_text)


@attrs.frozen(kw_only=True)
class Spacing:
    """
    How far a session may be from the one `apart` places before it, in calendar days.

    Days are local dates at the clinic, not multiples of 24 h: a session at
    15:00 on Monday and one at 09:00 on Wednesday are 2 days apart.

    Attributes:
        apart: How many places lie between the two; 1 is the neighbour.
        minimum: Never planned sooner, in days.
        absolute_minimum: Sooner than minimum, which it needs, but forgiven once it has happened, in days.
        latest: Last day of the visit window, in days; the next is overdue.
        minimum_hours: At least this many elapsed hours from start to start; another rule than days.
        between: Two numbered places instead of `apart`, (1, 3) for sessions 1 and 3 of the phase.
        required: False makes it a preference: a warning, and the planner breaks as few as it can.
        source: Where the numbers come from.
    """

    minimum: int | None = None
    latest: int | None = None
    apart: int = 1
    absolute_minimum: int | None = None
    minimum_hours: int | None = None
    between: tuple[int, int] | None = None
    required: bool = True
    source: str = attrs.field(default="", eq=False, validator=_text)

    def __attrs_post_init__(self) -> None:
        given = [d for d in (self.absolute_minimum, self.minimum, self.latest) if d is not None]
        if given != sorted(given) or any(d < 0 or d > LONGEST_YEARS * 366 for d in given):
            raise InvalidProtocol(
                what=f"spacing {self.absolute_minimum}/{self.minimum}/{self.latest} d is out of order",
                where=self.source,
                why="a session cannot be forgiven later than it is allowed, nor allowed after it is late",
                fix="give whole days with 0 <= absolute_minimum <= minimum <= latest",
            )
        if self.absolute_minimum is not None and self.minimum is None:
            raise InvalidProtocol(
                what="absolute_minimum without minimum",
                where=self.source,
                why="it forgives what is sooner than the minimum; by itself nothing is too soon",
                fix="add minimum, or write minimum instead",
            )
        if not given and self.minimum_hours is None:
            raise InvalidProtocol(
                what="a spacing without a number",
                where=self.source,
                why="it would allow everything",
                fix="give minimum, latest or minimum_hours, or leave the spacing out",
            )
        if not 1 <= self.apart < MOST_SESSIONS or not 0 <= (self.minimum_hours or 0) <= 24 * 366:
            raise InvalidProtocol(
                what=f"a spacing over {self.apart} places and {self.minimum_hours} hours",
                where=self.source,
                why=f"places are 1 to {MOST_SESSIONS - 1}, hours at most a year",
                fix="give apart = 1 for neighbours, 3 for a session and the third after it",
            )
        if self.between is not None and not 1 <= self.between[0] < self.between[1] <= MOST_SESSIONS:
            raise InvalidProtocol(
                what=f"a spacing between sessions {self.between[0]} and {self.between[1]}",
                where=self.source,
                why="the earlier of the two numbers comes first, and numbers begin at 1",
                fix="write between = [1, 3]",
            )
        if not self.required and self.minimum_hours is not None:
            raise InvalidProtocol(
                what="a preferred spacing in hours",
                where=self.source,
                why="a rule in hours is kept or it is not; the planner counts broken preferences in days",
                fix="make it required, or give it in days",
            )

    def words(self) -> str:
        """Say the rule as a clinic says it."""
        said = []
        if self.between is not None:
            place = f"session {self.between[1]} to session {self.between[0]}"
            said += [f"{place}: at least {self.minimum} d"] if self.minimum is not None else []
            said += [f"{place}: at most {self.latest} d"] if self.latest is not None else []
        elif self.apart == 1:
            said += [f"at least {self.minimum} d apart"] if self.minimum is not None else []
            said += [f"at most {self.latest} d between two"] if self.latest is not None else []
        else:
            said += [f"at most {self.apart} in {self.minimum} d"] if self.minimum is not None else []
            said += [f"{self.apart + 1} within {self.latest + 1} d"] if self.latest is not None else []
        if self.minimum_hours is not None:
            said.append(f"at least {self.minimum_hours} h from start to start")
        if self.absolute_minimum is not None:
            said.append(f"forgiven from {self.absolute_minimum} d once it has happened")
        return ", ".join(said)


@attrs.frozen(kw_only=True)
class Interval:
    """
    A step from one session to the next: whole days, or calendar months.

    Attributes:
        days: Calendar days; 0 if the step is in months.
        months: Calendar months, counted from the same base each time, so that they do not drift.
        missing_day: What to do where a month has no such day: "clip" to its last, "roll" to the first of the next.
    """

    days: int = 0
    months: int = 0
    missing_day: str = "clip"

    def __attrs_post_init__(self) -> None:
        one = (self.days > 0) != (self.months > 0)
        if not one or not 0 <= self.days <= 3660 or not 0 <= self.months <= 120:
            raise InvalidProtocol(
                what=f"an interval of {self.days} d and {self.months} months",
                why="an interval is a number of days or of months, at most ten years",
                fix='write "P28D", "P4W" or "P1M"',
            )
        if self.missing_day not in ("clip", "roll"):
            raise InvalidProtocol(
                what=f"missing_day is {self.missing_day!r}",
                why="where a month lacks the day, the session is on its last day or on the first of the next",
                fix='write missing_day = "clip" or missing_day = "roll"',
            )

    @classmethod
    def parse(cls, text: str, missing_day: str = "clip") -> Interval:
        """Read "P28D", "P4W" or "P1M"."""
        found = re.fullmatch(r"P(\d{1,4})([DWM])", text.strip())
        if found is None:
            raise InvalidProtocol(
                what=f"{text[:40]!r} is not an interval",
                why="intervals are ISO 8601 durations of days, weeks or months",
                fix='write "P28D", "P4W" or "P1M"',
            )
        number = int(found[1])
        match found[2]:
            case "D":
                return cls(days=number)
            case "W":
                return cls(days=7 * number)
            case _:
                return cls(months=number, missing_day=missing_day)

    def from_base(self, base: date, times: int = 1) -> date:
        """
        Return the day that many intervals after a base.

        Months are computed from the base each time: 31 January, 28 February, 31 March.
        """
        if self.days:
            return base + timedelta(days=self.days * times)
        year, month = divmod(base.year * 12 + base.month - 1 + self.months * times, 12)
        try:
            return date(year, month + 1, base.day)
        except ValueError:
            first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
            return first_of_next if self.missing_day == "roll" else first_of_next - timedelta(1)

    def words(self) -> str:
        """Say the interval in a few words."""
        if self.months:
            return "every month" if self.months == 1 else f"every {self.months} months"
        if self.days % 7 == 0:
            return "every week" if self.days == 7 else f"every {self.days // 7} weeks"
        return "every day" if self.days == 1 else f"every {self.days} days"


@attrs.frozen(kw_only=True)
class Join:
    """
    How a phase follows the one before it.

    Attributes:
        ideal: Days from the last session of the earlier phase to the first of this one; None: this
            phase's own first interval, or for another pattern its first day in the next treatment week.
        next_week: True: the first day of the next treatment week, for any pattern; treatment weeks
            are counted from the course's first session.
        minimum: Never sooner, in days; replaces the earlier phase's rules across the join.
        latest: Never later, in days.
    """

    ideal: int | None = None
    next_week: bool = False
    minimum: int | None = None
    latest: int | None = None

    def __attrs_post_init__(self) -> None:
        given = [d for d in (self.minimum, self.ideal, self.latest) if d is not None]
        if given != sorted(given) or any(d < 0 or d > 3660 for d in given):
            raise InvalidProtocol(
                what=f"join {self.minimum}/{self.ideal}/{self.latest} d is out of order",
                why="the ideal day lies between the earliest and the latest",
                fix="give whole days with 0 <= minimum <= ideal <= latest",
            )
        if self.ideal is not None and self.next_week:
            raise InvalidProtocol(
                what=f"a join in {self.ideal} days and in the next treatment week",
                why="the ideal day is one or the other",
                fix="give ideal, or next_week",
            )

    @property
    def states_rules(self) -> bool:
        """Whether it says how far apart the phases lie, in place of the earlier phase's rules."""
        return self.minimum is not None or self.latest is not None


@attrs.frozen(kw_only=True)
class Anatomy:
    """
    What a session is made of, in minutes; the chair is taken for the sum.

    Attributes:
        prepare: Arrival, vitals, line.
        infusion: The drug running; for a nasal spray from the first to the last spray.
        observation: Monitored time from the end of the infusion on.
        discharge: From the end of the observation period to the door.
    """

    prepare: int = 0
    infusion: int = 0
    observation: int = 0
    discharge: int = 0

    def __attrs_post_init__(self) -> None:
        parts = (self.prepare, self.infusion, self.observation, self.discharge)
        if any(part < 0 for part in parts) or not 1 <= sum(parts) <= MOST_MINUTES:
            raise InvalidProtocol(
                what=f"a session of {sum(parts)} minutes",
                why=f"its parts are not negative and together 1 to {MOST_MINUTES} minutes",
                fix="check prepare, infusion, observation and discharge",
            )

    @property
    def chair_time(self) -> timedelta:
        """From arrival to the door."""
        return timedelta(minutes=self.prepare + self.infusion + self.observation + self.discharge)


@attrs.frozen(kw_only=True)
class Restriction:
    """
    What the patient leaves for a while before a session, counted back from the start of the infusion.

    Attributes:
        what: In plain words, "eating", "drinking".
        minutes: How long before the infusion or first spray; a week at most.
    """

    what: str = attrs.field(validator=_text)
    minutes: int

    def __attrs_post_init__(self) -> None:
        if not self.what.strip() or not 0 <= self.minutes <= 7 * MOST_MINUTES:
            raise InvalidProtocol(
                what=f"{self.what[:40]!r} is left for {self.minutes} minutes before a session",
                where="before",
                why=f"it is something, for 0 to {7 * MOST_MINUTES} minutes (a week)",
                fix='give what="eating", minutes=120',
            )


@attrs.frozen(kw_only=True)
class Phase:
    """
    A run of sessions with one pattern.

    The pattern is `every`, or `weekdays` if there are any, else `study_days` (papers print both
    of these); a phase with none of them derives its weekdays when it is planned (see `planning`).

    Attributes:
        kind: "induction" or "maintenance".
        name: Unique in the protocol; the kind unless given.
        count: Sessions to plan; None for an open-ended phase.
        least, most: Counts that are accepted; both equal to count unless given.
        weeks: Nominal weeks accepted (ceil of the inclusive span / 7), (2, 4); both ends included.
        weeks_required: Whether leaving these weeks is an error; else a warning.
        weekdays: Pattern by weekday, Monday is 0.
        study_days: Pattern as papers print it, Day 1 is the first session.
        every: Pattern by interval; in a list the last repeats.
        until: How long the phase may last from its first day.
        review: How far an open-ended phase is planned: to its next review.
        anchor: "start": ideal days are laid from the phase's first day; "previous": each from the session before.
        anchor_weekday: The weekday on which the source's first session falls, if it says so; Monday is 0.
        spacing: Its rules, for all its neighbours.
        join: How it follows the phase before; None: that phase's minimums and at-most rules hold across.
        anatomy: What a session is made of.
        route: "intravenous", "nasal", ...
        place: Where, "clinic" or "home".
        no_driving: "next day" (after a night's sleep), or elapsed time from the end of the infusion
            (whole minutes, 7 days at most), or None.
        before: What the patient leaves before a session.
        evidence: Source and mark of each number.
    """

    kind: str
    name: str = attrs.field(validator=_text)
    count: int | None
    anatomy: Anatomy
    least: int | None = None
    most: int | None = None
    weeks: tuple[int, int] | None = None
    weeks_required: bool = True
    weekdays: tuple[int, ...] = ()
    study_days: tuple[int, ...] = ()
    every: tuple[Interval, ...] = ()
    until: Interval | None = None
    review: Interval | None = None
    anchor: str = "start"
    anchor_weekday: int | None = None
    spacing: tuple[Spacing, ...] = ()
    join: Join | None = None
    route: str = attrs.field(default="intravenous", validator=_text)
    place: str = "clinic"
    no_driving: timedelta | str | None = None
    before: tuple[Restriction, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def __attrs_post_init__(self) -> None:
        for what, wrong, why, fix in self._faults():
            if wrong:
                raise InvalidProtocol(what=what, where=f"phase {self.name}", why=why, fix=fix)

    def _faults(self) -> Iterator[tuple[str, bool, str, str]]:
        low, high = self.counts
        for name, word, words in (
            ("kind", self.kind, ("induction", "maintenance")),
            ("place", self.place, ("clinic", "home")),
            ("anchor", self.anchor, ("start", "previous")),
        ):
            yield (
                f"{name} is {word!r}",
                word not in words,
                f"{name} is {' or '.join(words)}",
                " or ".join(f'{name} = "{known}"' for known in words),
            )
        yield (
            f"{low} to {high} sessions, {self.count} of them planned",
            not 1 <= low <= (low if self.count is None else self.count) <= high <= MOST_SESSIONS,
            f"a phase has 1 to {MOST_SESSIONS} sessions, and the planned count lies among those accepted",
            "check count, least and most",
        )
        yield (
            "an open-ended phase without an interval",
            self.count is None and not self.every and not self.weekdays,
            "without a count the pattern must go on by itself",
            "give every or weekdays, or a count",
        )
        yield (
            "study days that do not ascend from 1",
            bool(self.study_days)
            and (
                self.study_days[0] != 1
                or sorted(set(self.study_days)) != list(self.study_days)
                or self.study_days[-1] > LONGEST_YEARS * 366
            ),
            f"Day 1 is the first session, each day is later than the one before, all within {LONGEST_YEARS} years",
            "write them as papers do: [1, 3, 5, 8, 10, 12]",
        )
        yield (
            f"{len(self.study_days)} study days for {self.count} sessions",
            bool(self.study_days) and not self.weekdays and len(self.study_days) < (self.count or low),
            "a pattern by study days has one for each session",
            "list a day for every session, or give weekdays",
        )
        yield (
            "weekdays that are not days of the week, each once",
            any(not 0 <= d <= 6 for d in self.weekdays) or len(set(self.weekdays)) != len(self.weekdays),
            "a pattern names each weekday once",
            'write weekdays = ["Mon", "Thu"]',
        )
        yield (
            f"anchor_weekday is {self.anchor_weekday!r}",
            self.anchor_weekday not in (None, *range(7)),
            "it is a day of the week, 0 (Monday) to 6",
            'write anchor_weekday = "Mon"',
        )
        yield (
            "every beside weekdays or study_days",
            bool(self.every) and bool(self.weekdays or self.study_days),
            "a phase has one pattern: days of the week, study days or an interval",
            "keep one of them",
        )
        yield (
            f"{self.weeks} weeks",
            self.weeks is not None and not 1 <= self.weeks[0] <= self.weeks[1] <= 52 * LONGEST_YEARS,
            "nominal weeks are whole, the fewer first",
            "write least = 2 and most = 4",
        )
        yield (
            f"a preferred spacing over {max((s.apart for s in self.spacing if not s.required), default=0)} places",
            any(not s.required and _reach(s) > PREFERRED_APART for s in self.spacing),
            f"a preferred spacing may look back {PREFERRED_APART} places at most: beyond that planning takes seconds",
            "make it required, or give it over fewer places",
        )
        yield (
            f"no_driving is {self.no_driving!r}",
            not (self.no_driving in (None, "next day") or _whole_minutes(self.no_driving)),
            "it is a rule of the local date, or of elapsed time in whole minutes, 7 days at most",
            'write no_driving = "next day" or an ISO 8601 duration such as "PT24H"',
        )

    @property
    def counts(self) -> tuple[int, int]:
        """The fewest and the most sessions that are accepted, both included."""
        low, high = (1, MOST_SESSIONS) if self.count is None else (self.count, self.count)
        return (low if self.least is None else self.least), (high if self.most is None else self.most)

    def neighbour_minimum(self) -> int:
        """The most days that any required rule asks for between two neighbours; 0 if none does."""
        found = [s.minimum for s in self.spacing if s.required and s.apart == 1 and s.between is None]
        return max((m for m in found if m is not None), default=0)

    def pattern(self) -> str:
        """Say the pattern in a few words."""
        if self.weekdays:
            return ", ".join(WEEKDAY_NAMES[d] for d in self.weekdays)
        if self.study_days:
            return "study days " + ", ".join(map(str, self.study_days))
        if self.every:
            return ", then ".join(step.words() for step in self.every)
        return "spread evenly over the week"


def _whole_minutes(length: object) -> bool:
    if not isinstance(length, timedelta) or length % timedelta(minutes=1):
        return False
    return timedelta() < length <= timedelta(days=7)


def _reach(spacing: Spacing) -> int:
    return spacing.apart if spacing.between is None else spacing.between[1] - spacing.between[0]


WEEKDAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_FULL_NAMES = {
    "Mon": "monday",
    "Tue": "tuesday",
    "Wed": "wednesday",
    "Thu": "thursday",
    "Fri": "friday",
    "Sat": "saturday",
    "Sun": "sunday",
}


def read_weekdays(names: Iterable[object]) -> tuple[int, ...]:
    """Read ["Mon", "Thu"] or ["monday", "thursday"] as 0 and 3, in order of the week."""
    days = []
    for name in names:
        given = str(name).strip().lower()
        short = given[:3].title()
        if (
            not isinstance(name, str)
            or given not in (short.lower(), _FULL_NAMES.get(short))
            or short not in _FULL_NAMES
        ):
            raise InvalidInput(
                what=f"{str(name)[:40]!r} is not a day of the week",
                why=f"days are {', '.join(WEEKDAY_NAMES)}",
                fix='write ["Mon", "Thu"]',
            )
        days.append(WEEKDAY_NAMES.index(short))
    return tuple(sorted(days))


@attrs.frozen(kw_only=True)
class Protocol:
    """
    What a paper, a label or a clinic prescribes: data, every number with its source.

    Attributes:
        id: Lower-case words with hyphens, "iv-mwf-6".
        version: Of this file; a course keeps the one it was planned with.
        title: One line for people.
        phases: In order.
        sources: Key and reference, each key once.
        note: What a reader should know about the evidence, such as a negative trial; may be empty.
    """

    id: str
    version: str = attrs.field(validator=_text)
    title: str = attrs.field(validator=_text)
    phases: tuple[Phase, ...]
    sources: tuple[tuple[str, str], ...] = ()
    note: str = attrs.field(default="", validator=_text)

    def __attrs_post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id) or len(self.id) > 64:
            raise InvalidProtocol(
                what=f"the id {self.id[:64]!r}",
                where="id",
                why="ids are lower-case words and numbers with hyphens between them, at most 64 characters",
                fix='write it like "iv-mwf-6"',
            )
        for text in (text for source in self.sources for text in source):
            _check_text(text, "sources")
        if len(dict(self.sources)) != len(self.sources):
            raise InvalidProtocol(
                what="two sources of one key",
                where=self.id,
                why="numbers cite a source by its key",
                fix="give one of them another key",
            )
        names = [phase.name for phase in self.phases]
        if not names or len(set(names)) != len(names):
            raise InvalidProtocol(
                what="no phases" if not names else "two phases of one name",
                where=self.id,
                why="a protocol has at least one phase, and each has a name of its own",
                fix="add a section [[phase]]" if not names else "give one of them another name",
            )
        if self.phases[0].join is not None or any(p.count is None for p in self.phases[:-1]):
            raise InvalidProtocol(
                what="the first phase has a join, or a phase follows one without end",
                where=self.id,
                why="a join follows an earlier phase, and only the last phase may be open-ended",
                fix="remove the join, or give the earlier phase a count",
            )
        for phase in self.phases[1:]:
            if not (phase.weekdays or phase.study_days or phase.every):
                raise InvalidProtocol(
                    what="a later phase without a pattern",
                    where=f"{self.id}, phase {phase.name}",
                    why="only the first phase can derive its weekdays, from the start",
                    fix="give weekdays, study_days or every",
                )
            if phase.weeks is not None and not phase.weeks_required:
                raise InvalidProtocol(
                    what="preferred weeks in a later phase",
                    where=f"{self.id}, phase {phase.name}",
                    why="only the first phase begins on a known day; elsewhere the preference looks back too far",
                    fix="make the weeks required, or leave them out",
                )

    def deal(self, days: Sequence[date]) -> list[str]:
        """
        Deal days in order out to the phases, and return the name of the phase of each.

        A phase takes its count. Where it accepts a range, it takes a day beyond its least as
        long as that is still one of its weeks and no further from the day before than its
        neighbours may be; the last phase takes all that is left.
        """
        names: list[str] = []
        for phase in self.phases[:-1]:
            least, most = phase.counts
            far = [
                s.latest for s in phase.spacing if s.apart == 1 and s.between is None and s.latest is not None
            ]
            begun = len(names)
            while begun < len(days) and len(names) < min(len(days), begun + most):
                at = len(names)
                weeks = -(-((days[at] - days[begun]).days + 1) // 7)
                gap = (days[at] - days[at - 1]).days if at > begun else 0
                if at - begun >= least and (
                    weeks > (phase.weeks or (1, weeks))[1] or gap > min(far, default=7)
                ):
                    break
                names.append(phase.name)
        return names + [self.phases[-1].name] * (len(days) - len(names))

    def phase(self, name: str) -> Phase:
        """Return the phase of that name."""
        return next(phase for phase in self.phases if phase.name == name)

    def choose(
        self,
        *,
        sessions: int | None = None,
        weeks: int | None = None,
        weekdays: Iterable[int] | None = None,
        boosters: int | None = None,
        until: Interval | None = None,
    ) -> Protocol:
        """
        Return the protocol with what it leaves open chosen.

        Args:
            sessions: How many in the first phase; within what the protocol accepts.
            weeks: Nominal weeks of the first phase; within what the protocol accepts.
            weekdays: The first phase's pattern, Monday is 0; for a phase that derives its own, or one by weekdays.
            boosters: How many in the last phase; 0 leaves it out.
            until: How long the last phase lasts from its first day.
        """
        for name, given in (("sessions", sessions), ("weeks", weeks), ("boosters", boosters)):
            if given is not None and type(given) is not int:
                raise _not_chosen(name, given, "a whole number")
        if until is not None and not isinstance(until, Interval):
            raise _not_chosen("until", until, 'an Interval, for example Interval.parse("P26W")')
        first, last = self.phases[0], self.phases[-1]
        if boosters == 0 and until is None and len(self.phases) > 1:
            shorter = attrs.evolve(self, phases=self.phases[:-1])
            return shorter.choose(sessions=sessions, weeks=weeks, weekdays=weekdays)
        if sessions is not None:
            low, high = first.counts
            if not low <= sessions <= high:
                raise InvalidInput(
                    what=f"{sessions} sessions",
                    where=f"{self.id}, {first.name}",
                    why=f"the protocol accepts {low}" + (f" to {high}" if high > low else ""),
                    fix="choose a number among those, or another protocol",
                )
            first = attrs.evolve(first, count=sessions)
        if weeks is not None:
            lowest, highest = first.weeks or (1, 0)
            if not lowest <= weeks <= highest:
                raise InvalidInput(
                    what=f"{weeks} weeks",
                    where=f"{self.id}, {first.name}",
                    why=f"the protocol accepts {lowest} to {highest}"
                    if first.weeks
                    else "its pattern settles the weeks",
                    fix="choose a number among those, or another protocol",
                )
            first = attrs.evolve(first, weeks=(weeks, weeks))
        if weekdays is not None:
            if first.every or (first.study_days and not first.weekdays):
                raise InvalidInput(
                    what="weekdays were chosen",
                    where=f"{self.id}, {first.name}",
                    why=f"the protocol has its own pattern: {first.pattern()}",
                    fix="leave the weekdays out, or choose another protocol",
                )
            days = list(weekdays)
            if not all(type(day) is int for day in days):
                raise _not_chosen("weekdays", days, "a list of numbers, Monday is 0")
            first = attrs.evolve(first, weekdays=tuple(sorted(days)), study_days=())
        if (boosters is not None or until is not None) and len(self.phases) == 1:
            raise InvalidInput(
                what="boosters were chosen",
                where=self.id,
                why="the protocol has no maintenance phase",
                fix="choose a protocol that has one",
            )
        if boosters is not None:
            low, high = last.counts
            if not low <= boosters <= high:
                raise InvalidInput(
                    what=f"{boosters} boosters",
                    where=f"{self.id}, {last.name}",
                    why=f"the protocol accepts {low} to {high}",
                    fix="choose a number among those",
                )
            last = attrs.evolve(last, count=boosters)
        if until is not None:
            last = attrs.evolve(last, until=until)
        phases = (first,) if len(self.phases) == 1 else (first, *self.phases[1:-1], last)
        return attrs.evolve(self, phases=phases)


def _not_chosen(name: str, given: object, kind: str) -> InvalidInput:
    return InvalidInput(
        what=f"{name} is {str(given)[:40]!r}", where=name, why=f"it is {kind}", fix=f"give {name} as {kind}"
    )


class Status(StrEnum):
    """What a booking is: planned and to be confirmed, planned, given, missed, or taken off the calendar."""

    TENTATIVE = "tentative"
    FIRM = "firm"
    FULFILLED = "fulfilled"
    MISSED = "missed"
    CLOSED = "closed"

    @property
    def stands(self) -> bool:
        """Whether the session takes place or did: it counts in the order of the course."""
        return self not in (Status.MISSED, Status.CLOSED)


@attrs.frozen(kw_only=True)
class Session:
    """
    One booking.

    Attributes:
        id: Given once and never reused, 1 to 255 characters; its number in the series is derived
            (see `Course.number`).
        phase: Name of its phase.
        day: Local date at the clinic.
        time: Local time at which the chair is taken; None if only the day is known.
        status: See Status.
        chair: Number of the chair, 1 to 1000; None if unknown.
        place: Where it is, if not where the phase says; "home" is not at the clinic.
        ideal: The day that the pattern asks for, if it was planned here.
        revised: Numbers of the course's revisions that gave or changed its start, end, place or status.
    """

    id: str = attrs.field(validator=_text)
    phase: str = attrs.field(validator=_text)
    day: date
    time: time | None = None
    status: Status = Status.FIRM
    chair: int | None = None
    place: str = attrs.field(default="", validator=_text)
    ideal: date | None = None
    revised: tuple[int, ...] = (0,)

    def __attrs_post_init__(self) -> None:
        if not self.id.strip() or len(self.id) > LONGEST_ID or re.search(r"[\x00-\x1f\x7f-\x9f]", self.id):
            raise InvalidInput(
                what="this session id cannot be used",
                where="id",
                why=f"an id is 1 to {LONGEST_ID} characters, none of them a control character",
                fix='give one such as "s1"',
            )
        plausible(self.day, f"session {self.id}")
        if self.chair is not None and not 1 <= self.chair <= MOST_CHAIRS:
            raise InvalidInput(
                what=f"session {self.id} is on chair {self.chair}",
                where="chair",
                why=f"chairs are numbered from 1, up to {MOST_CHAIRS}",
                fix="give its number, or leave it out if it is not known",
            )
        if self.time is not None and (self.time.second or self.time.microsecond or self.time.tzinfo):
            raise InvalidInput(
                what=f"session {self.id} starts at {self.time}",
                why="sessions start on a whole minute of the clinic's clock",
                fix="give hours and minutes without a zone; the zone is the course's",
            )

    @property
    def sequence(self) -> int:
        """How often it has changed since it was first given; iCalendar's SEQUENCE."""
        return len(self.revised) - 1


@attrs.frozen(kw_only=True)
class Waiver:
    """
    A documented exception: it silences a finding, and never widens a rule for the planner.

    Attributes:
        rule: Code of the rule, "KS101".
        sessions: Ids of the sessions it holds for.
        reason: Why, in the clinician's words.
        who: Who decided it.
        until: Last day on which it holds; None: it does not run out.
    """

    rule: str
    sessions: tuple[str, ...]
    reason: str = attrs.field(validator=_text)
    who: str = attrs.field(validator=_text)
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        for session in self.sessions:
            _check_text(session, "sessions")
        if not (
            re.fullmatch(r"KS[0-9]{3}", self.rule)
            and self.sessions
            and self.reason.strip()
            and self.who.strip()
        ):
            raise InvalidInput(
                what=f"a waiver of {self.rule[:20] or 'nothing'}",
                why="a waiver names a rule, its sessions, a reason and who decided it",
                fix='give rule="KS101", sessions=("s5",), reason="...", who="..."',
            )


def _in_utc(at: datetime | None) -> datetime | None:
    """Return a moment in UTC: in the repeated hour of a named zone it would equal no other way of writing it."""
    if at is None:
        return None
    aware(at, "at")
    if 1 < at.year < 9999:  # else the conversion could leave what a datetime can be
        at = at.astimezone(UTC)
    plausible(at.date(), "at")
    return at


@attrs.frozen(kw_only=True)
class Revision:
    """
    One state of a course that was given out.

    Attributes:
        at: The moment it was made, kept in UTC; None if the caller gave none.
        what: What was done, in a word or two.
    """

    at: datetime | None = attrs.field(converter=_in_utc)
    what: str = attrs.field(default="planned", validator=_text)


@attrs.frozen(kw_only=True)
class Course:
    """
    One patient's sessions, in order of time.

    Attributes:
        protocol: What it was planned with, its choices made.
        zone: IANA zone of the clinic; all days and times are local to it.
        sessions: All that were ever booked, closed ones included.
        id: The caller's opaque name for it; never made from a name, record number, protocol or date.
        revisions: States that were given out, the first one first.
        waivers: Exceptions that a clinician documented.
    """

    protocol: Protocol
    zone: str
    sessions: tuple[Session, ...]
    id: str | None = None
    revisions: tuple[Revision, ...] = (Revision(at=None),)
    waivers: tuple[Waiver, ...] = ()

    def __attrs_post_init__(self) -> None:
        zone_named(self.zone)
        ids = [session.id for session in self.sessions]
        keys = [(s.day, s.time or time(), s.id) for s in self.sessions]
        names = {phase.name for phase in self.protocol.phases}
        for what, wrong, why, fix in (
            (
                f"{len(ids)} sessions",
                len(ids) > MOST_SESSIONS,
                f"a course has at most {MOST_SESSIONS}",
                "split it into courses",
            ),
            ("two sessions of one id", len(set(ids)) != len(ids), "an id is given once", "give each its own"),
            (
                "sessions out of order",
                [k[:2] for k in keys] != sorted(k[:2] for k in keys),
                "they are in order of time",
                "sort them",
            ),
            (
                "a session of an unknown phase",
                any(s.phase not in names for s in self.sessions),
                f"the protocol has {', '.join(sorted(names))}",
                "name one of these phases",
            ),
            (
                "a session without the revision that made it",
                not self.revisions
                or any(
                    not s.revised or not 0 <= min(s.revised) <= max(s.revised) < len(self.revisions)
                    for s in self.sessions
                ),
                "every session names the revisions that changed it",
                "give revised=(0,) and one revision",
            ),
        ):
            if wrong:
                raise InvalidInput(what=what, where="course", why=why, fix=fix)
        if self.id is not None:
            check_course_id(self.id)

    @classmethod
    def of_days(cls, protocol: Protocol, days: Iterable[date], *, zone: str = "UTC") -> Course:
        """Make a course of bare dates, dealt out to the protocol's phases in order."""
        ordered = sorted(plausible(day, "session") for day in days)
        names = protocol.deal(ordered)
        sessions = tuple(
            Session(id=f"s{n}", phase=name, day=day)
            for n, (day, name) in enumerate(zip(ordered, names, strict=False), 1)
        )
        return cls(protocol=protocol, zone=zone, sessions=sessions)

    def standing(self) -> tuple[Session, ...]:
        """Return the sessions that take place or did, in order."""
        return tuple(session for session in self.sessions if session.status.stands)

    def number(self, session: Session) -> int:
        """Return the session's place in its phase, from 1, counted over those that stand."""
        before = (s for s in self.sessions if s.phase == session.phase and s.status.stands)
        return 1 + sum(
            (s.day, s.time or time(), s.id) < (session.day, session.time or time(), session.id)
            for s in before
        )

    def is_at_home(self, session: Session) -> bool:
        """Whether a session takes no chair: it, or else its phase, is at home."""
        return (session.place or self.protocol.phase(session.phase).place).strip().casefold() == "home"

    def starts(self, session: Session) -> datetime:
        """Return the moment at which the chair is taken."""
        if session.time is None:
            raise InvalidInput(
                what=f"session {session.id} has no time of day",
                where=f"{session.day}",
                why="only its day is known",
                fix="plan the course with a calendar, or give its sessions a time",
            )
        return moment(session.day, session.time, self.zone)

    def ends(self, session: Session) -> datetime:
        """Return the moment at which the chair is free again."""
        return later(self.starts(session), self.protocol.phase(session.phase).anatomy.chair_time)

    def occupied(self) -> Iterator[tuple[datetime, datetime, int | None]]:
        """
        Yield (start, end, chair) of the sessions that hold a chair.

        Those are the ones that stand, are not at home, and have a time that their day shows exactly
        once; a start that the zone skips or repeats holds no chair, and the checker reports it.
        """
        for session in self.sessions:
            at_home = self.is_at_home(session)
            if not session.status.stands or session.time is None or at_home:
                continue
            if len(choices(session.day, session.time, self.zone)) == 1:
                yield self.starts(session), self.ends(session), session.chair


def check_course_id(course_id: str) -> str:
    """Return a course's id as it was given, if it can be one."""
    if not isinstance(course_id, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", course_id):
        raise InvalidInput(
            what="this course id cannot be used",
            where="id",
            why="an id is 1 to 64 letters, digits and . _ ~ - and says nothing about the patient",
            fix='give an opaque name such as "A-017", never a name, record number or date of birth',
        )
    return course_id
