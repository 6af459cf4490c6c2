"""
Phases and what they are made of: spacing, intervals, joins, the anatomy of a session.

Days are local dates at the clinic. A class checks itself when built.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise

import attrs

from ketsched.errors import InvalidInput, InvalidProtocol
from ketsched.model.limits import LONGEST_YEARS, MOST_MINUTES, MOST_SESSIONS, PREFERRED_APART, whole_text


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

    key: str = attrs.field(validator=whole_text)
    source: str = attrs.field(validator=whole_text)
    mark: Mark
    note: str = attrs.field(default="", validator=whole_text)


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
        unit: "days", or "months": calendar months counted from the earlier session, of which a plan keeps
            the longest for a minimum and the shortest for a latest, so that it holds from any day.
    """

    minimum: int | None = None
    latest: int | None = None
    apart: int = 1
    absolute_minimum: int | None = None
    minimum_hours: int | None = None
    between: tuple[int, int] | None = None
    required: bool = True
    source: str = attrs.field(default="", eq=False, validator=whole_text)
    unit: str = "days"

    def __attrs_post_init__(self) -> None:
        given = [d for d in (self.absolute_minimum, self.minimum, self.latest) if d is not None]
        if self.unit not in ("days", "months"):
            raise InvalidProtocol(
                what=f"a spacing in {str(self.unit)[:20]!r}",
                where=self.source,
                why="its numbers are days, or calendar months",
                fix='write unit = "days" or unit = "months"',
            )
        most = LONGEST_YEARS * (366 if self.unit == "days" else 12)
        if given != sorted(given) or any(d < 0 or d > most for d in given):
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

    def counted(self, number: int | None, earlier: date) -> date | None:
        """Return the day that so many of the rule's units are after an earlier session; None for no number."""
        if number is None or not number:
            return earlier if number == 0 else None
        if self.unit == "days":
            return earlier + timedelta(number)
        return Interval(months=number).from_base(earlier)

    def since(self, earlier: date) -> Spacing:
        """Return the rule in whole days as it stands after a session of that day."""
        if self.unit == "days":
            return self
        low, least, high = (
            None if day is None else (day - earlier).days
            for day in (
                self.counted(number, earlier) for number in (self.absolute_minimum, self.minimum, self.latest)
            )
        )
        return attrs.evolve(self, unit="days", absolute_minimum=low, minimum=least, latest=high)

    def in_days(self) -> Spacing:
        """Return the rule in whole days, such that whoever keeps it keeps this one from any day."""
        if self.unit == "days":
            return self
        low, least, high = self.absolute_minimum, self.minimum, self.latest
        return attrs.evolve(
            self,
            unit="days",
            absolute_minimum=None if low is None else _days_of_months(low)[1],
            minimum=None if least is None else _days_of_months(least)[1],
            latest=None if high is None else _days_of_months(high)[0],
        )

    def words(self) -> str:
        """Say the rule as a clinic says it."""
        said, of = [], "d" if self.unit == "days" else self.unit
        if self.between is not None:
            place = f"session {self.between[1]} to session {self.between[0]}"
            said += [f"{place}: at least {self.minimum} {of}"] if self.minimum is not None else []
            said += [f"{place}: at most {self.latest} {of}"] if self.latest is not None else []
        elif self.apart == 1:
            said += [f"at least {self.minimum} {of} apart"] if self.minimum is not None else []
            said += [f"at most {self.latest} {of} between two"] if self.latest is not None else []
        else:
            said += [f"at most {self.apart} in {self.minimum} {of}"] if self.minimum is not None else []
            last = (self.latest or 0) + (self.unit == "days")  # days are counted with both ends
            said += [f"{self.apart + 1} within {last} {of}"] if self.latest is not None else []
        if self.minimum_hours is not None:
            said.append(f"at least {self.minimum_hours} h from start to start")
        if self.absolute_minimum is not None:
            said.append(f"forgiven from {self.absolute_minimum} {of} once it has happened")
        return ", ".join(said)


@cache
def _days_of_months(months: int) -> tuple[int, int]:
    """Return the fewest and the most days that so many calendar months can have."""
    step = Interval(months=months) if months else None
    first = date(2000, 1, 1)
    days = [first + timedelta(n) for n in range(4 * 366)]
    found = [0 if step is None else (step.from_base(day) - day).days for day in days]
    return min(found), max(found)


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
        if min(parts) < 0 or not 1 <= self.minutes <= MOST_MINUTES:
            raise InvalidProtocol(
                what=f"a session of {self.minutes} minutes",
                why=f"its parts are not negative and together 1 to {MOST_MINUTES} minutes",
                fix="check prepare, infusion, observation and discharge",
            )

    @property
    def minutes(self) -> int:
        """From arrival to the door."""
        return self.prepare + self.infusion + self.observation + self.discharge

    @property
    def chair_time(self) -> timedelta:
        """From arrival to the door, as elapsed time."""
        return timedelta(minutes=self.minutes)


@attrs.frozen(kw_only=True)
class Restriction:
    """
    What the patient leaves for a while before a session, counted back from the start of the infusion.

    Attributes:
        what: In plain words, "eating", "drinking".
        minutes: How long before the infusion or first spray; a week at most.
    """

    what: str = attrs.field(validator=whole_text)
    minutes: int

    def __attrs_post_init__(self) -> None:
        if not self.what.strip() or not 0 <= self.minutes <= 7 * MOST_MINUTES:
            raise InvalidProtocol(
                what=f"{self.what[:40]!r} is left for {self.minutes} minutes before a session",
                where="before",
                why=f"it is something, for 0 to {7 * MOST_MINUTES} minutes (a week)",
                fix='give what="eating", minutes=120',
            )


LAPSES = ("continue", "repeat tail", "step back", "restart", "clinician review")
"""What a lapse band can propose."""
POLICIES = ("keep", "make-up", "next-open", "shift", "skip")
"""What is done about a session that was missed."""


@attrs.frozen(kw_only=True)
class LapseBand:
    """
    What is proposed when the next session comes so many days after the last that was given.

    Always a proposal, with the plans it would give; a clinician decides.

    Attributes:
        first: Days since the last session given, from which on it applies.
        last: The last of these days; None: without end.
        propose: One of LAPSES.
        repeat: How many of the last sessions are repeated, for "repeat tail".
        if_worse: What is proposed instead if worse symptoms were recorded; empty: the same.
    """

    first: int
    last: int | None
    propose: str
    repeat: int = 0
    if_worse: str = ""

    def __attrs_post_init__(self) -> None:
        high = self.last if self.last is not None else self.first
        if not 0 <= self.first <= high <= LONGEST_YEARS * 366:
            raise InvalidProtocol(
                what=f"a lapse from day {self.first} to day {self.last}",
                where="lapse",
                why="days since the last session given ascend from 0",
                fix="write from = 0, until = 28",
            )
        if self.propose not in LAPSES or self.if_worse not in ("", *LAPSES):
            raise InvalidProtocol(
                what=f"a lapse proposes {(self.if_worse if self.propose in LAPSES else self.propose)[:40]!r}",
                where="lapse",
                why=f"it proposes one of {', '.join(LAPSES)}",
                fix="write one of these",
            )
        repeats = "repeat tail" in (self.propose, self.if_worse)
        if repeats != (self.repeat > 0) or not 0 <= self.repeat <= MOST_SESSIONS:
            raise InvalidProtocol(
                what=f"a lapse that proposes {self.propose}, and {self.repeat} sessions to repeat",
                where="lapse",
                why="repeating the tail says how many sessions, and nothing else does",
                fix='give repeat = 2 with propose = "repeat tail", and only there',
            )

    def words(self) -> str:
        """Say the band as a clinic says it."""
        days = f"from day {self.first} on" if self.last is None else f"day {self.first} to {self.last}"
        tail = f"repeat the last {self.repeat}"
        what, worse = (tail if said == "repeat tail" else said for said in (self.propose, self.if_worse))
        return f"{days}: {what}" + (f" ({worse} if symptoms are worse)" if worse else "")


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
        beside: Name of an earlier phase that it runs beside, session by session in order of time, and not
            after; its own minimum holds to the sessions of that phase as well, in both directions.
        anatomy: What a session is made of.
        route: "intravenous", "nasal", ...
        place: Where, "clinic" or "home".
        no_driving: "next day" (after a night's sleep), or elapsed time from the end of the infusion
            (whole minutes, 7 days at most), or None.
        before: What the patient leaves before a session.
        missed: What is done about a session that was missed, one of POLICIES.
        lapse: What is proposed after so many days without a session: bands that ascend from day 0
            without gap or overlap, the last one without end; none: nothing is proposed.
        evidence: Source and mark of each number.
    """

    kind: str
    name: str = attrs.field(validator=whole_text)
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
    beside: str = attrs.field(default="", validator=whole_text)
    route: str = attrs.field(default="intravenous", validator=whole_text)
    place: str = "clinic"
    no_driving: timedelta | str | None = None
    before: tuple[Restriction, ...] = ()
    missed: str = "keep"
    lapse: tuple[LapseBand, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def __repr__(self) -> str:
        return f"<Phase {self.name}: {self.count or 'open'}, {self.pattern()}>"

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
            f"missed is {str(self.missed)[:20]!r}",
            self.missed not in POLICIES,
            f"what is done about a missed session is {', '.join(POLICIES)}",
            'write missed = "keep"',
        )
        yield from self._lapse_faults()
        yield (
            f"no_driving is {self.no_driving!r}",
            not (self.no_driving in (None, "next day") or _whole_minutes(self.no_driving)),
            "it is a rule of the local date, or of elapsed time in whole minutes, 7 days at most",
            'write no_driving = "next day" or an ISO 8601 duration such as "PT24H"',
        )

    def _lapse_faults(self) -> Iterator[tuple[str, bool, str, str]]:
        if not self.lapse:
            return
        why = "lapse bands ascend from day 0, each begins on the day after the last of the one before, the last is open"
        yield (
            f"lapse bands that begin on day {self.lapse[0].first}",
            self.lapse[0].first != 0,
            why,
            "begin the first with from = 0",
        )
        for before, after in pairwise(self.lapse):
            end = before.last
            gap = end is not None and after.first > end + 1
            yield (
                f"{'a gap' if gap else 'an overlap'} between the lapse bands {before.words()!r} and {after.words()!r}",
                end is None or after.first != end + 1,
                why,
                "give the earlier one an until"
                if end is None
                else f"begin the later one with from = {end + 1}",
            )
        yield (
            f"lapse bands that end on day {self.lapse[-1].last}",
            self.lapse[-1].last is not None,
            why,
            "leave until out of the last one",
        )

    def lapse_after(self, days: int) -> LapseBand | None:
        """Return the band in force so many days after the last session given; None if the phase has none."""
        return next((b for b in self.lapse if days >= b.first and (b.last is None or days <= b.last)), None)

    def lapses_after(self) -> int | None:
        """Return the first day on which another band than "continue" is in force; None if there is none."""
        return next((band.first for band in self.lapse if band.propose != "continue"), None)

    @property
    def counts(self) -> tuple[int, int]:
        """The fewest and the most sessions that are accepted, both included."""
        low, high = (1, MOST_SESSIONS) if self.count is None else (self.count, self.count)
        return (low if self.least is None else self.least), (high if self.most is None else self.most)

    def neighbour_minimum(self) -> int:
        """The most days that any required rule asks for between two neighbours; 0 if none does."""
        found = [
            s.in_days().minimum for s in self.spacing if s.required and s.apart == 1 and s.between is None
        ]
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
