"""
Phases and what they are made of: the anatomy of a session, what is left before it, lapses, evidence.

Days are local dates at the clinic. A class checks itself when built.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import attrs

from ketsched.arguments import checked_attributes
from ketsched.clock import WEEKDAY_NAMES
from ketsched.errors import Fault, InvalidProtocol, refuse_first
from ketsched.model.intervals import Interval, RecommendedDay, day_after, first_day_out_of_order
from ketsched.model.limits import LONGEST_YEARS, MOST_MINUTES, MOST_SESSIONS, whole_text
from ketsched.model.spacings import Join, Spacing
from ketsched.nearness import did_you_mean


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


@checked_attributes(InvalidProtocol)
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
        fault = (
            min(parts) < 0 or not 1 <= self.minutes <= MOST_MINUTES,
            "",
            f"a session of {self.minutes} minutes",
            f"its parts are not negative and together 1 to {MOST_MINUTES} minutes",
            "check prepare, infusion, observation and discharge",
        )
        refuse_first(InvalidProtocol, "", (fault,))

    @property
    def minutes(self) -> int:
        """From arrival to the door."""
        return self.prepare + self.infusion + self.observation + self.discharge

    @property
    def chair_time(self) -> timedelta:
        """From arrival to the door, as elapsed time."""
        return timedelta(minutes=self.minutes)


@checked_attributes(InvalidProtocol)
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
        fault = (
            not self.what.strip() or not 0 <= self.minutes <= 7 * MOST_MINUTES,
            "minutes" if self.what.strip() else "what",
            f"{self.what[:40]!r} is left for {self.minutes} minutes before a session",
            f"it is something, for 0 to {7 * MOST_MINUTES} minutes (a week)",
            'give what="eating", minutes=120',
        )
        refuse_first(InvalidProtocol, "before", (fault,))


LAPSES = ("continue", "repeat tail", "step back", "restart", "clinician review")
"""What a lapse band can propose."""
POLICY_WORDS = {
    "keep": "the pattern stays, the session is made up at the end",
    "make-up": "on the earliest day that leaves the rest in place",
    "next-open": "on the first open day; the rest is pushed as little as needed",
    "shift": "everything moves by the same delay",
    "skip": "the session is left out",
}
"""What each policy does about missed sessions, in a few words."""
POLICY_NAMES = {
    "keep": "at the end",
    "make-up": "fit in",
    "next-open": "next open day",
    "shift": "move all",
    "skip": "leave out",
}
"""What people call each policy; on a command line it is one word, at-the-end."""
POLICIES = tuple(POLICY_WORDS)
"""What is done about a session that was missed."""


@checked_attributes(InvalidProtocol)
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
        repeats = "repeat tail" in (self.propose, self.if_worse)
        unknown = self.if_worse if self.propose in LAPSES else self.propose
        faults = (
            (
                not 0 <= self.first <= high <= LONGEST_YEARS * 366,
                "",
                f"a lapse from day {self.first} to day {self.last}",
                "days since the last session given ascend from 0",
                "write from = 0, until = 28",
            ),
            (
                self.propose not in LAPSES or self.if_worse not in ("", *LAPSES),
                "if_worse" if self.propose in LAPSES else "propose",
                f"a lapse proposes {unknown[:40]!r}",
                f"it proposes one of {', '.join(LAPSES)}",
                did_you_mean(unknown, LAPSES) or "write one of these",
            ),
            (
                repeats != (self.repeat > 0) or not 0 <= self.repeat <= MOST_SESSIONS,
                "",
                f"a lapse that proposes {self.propose}, and {self.repeat} sessions to repeat",
                "repeating the tail says how many sessions, and nothing else does",
                'give repeat = 2 with propose = "repeat tail", and only there',
            ),
        )
        refuse_first(InvalidProtocol, "lapse", faults)

    def words(self) -> str:
        """Say the band as a clinic says it."""
        days = f"from day {self.first} on" if self.last is None else f"day {self.first} to {self.last}"
        tail = f"repeat the last {self.repeat}"
        what, worse = (tail if said == "repeat tail" else said for said in (self.propose, self.if_worse))
        return f"{days}: {what}" + (f" ({worse} if symptoms are worse)" if worse else "")


@checked_attributes(InvalidProtocol)
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
        extra_days: Study days that a count beyond the planned one takes, in the order in which it takes them.
        every: Pattern by interval; in a list the last repeats.
        choices: Intervals that may be chosen for it instead; none: `every` is all there is.
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
        recommended: Days aimed at for numbered sessions, counted from session 1, instead of the pattern's;
            the pattern goes on from there.
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
    extra_days: tuple[int, ...] = ()
    every: tuple[Interval, ...] = ()
    choices: tuple[Interval, ...] = ()
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
    recommended: tuple[RecommendedDay, ...] = ()

    def __repr__(self) -> str:
        return f"<Phase {self.name}: {self.count or 'open'}, {self.pattern()}>"

    def __attrs_post_init__(self) -> None:
        where = f"phase {self.name}"
        refuse_first(InvalidProtocol, where, self._faults_of_words())
        refuse_first(InvalidProtocol, where, self._faults_of_pattern())
        refuse_first(InvalidProtocol, where, self._faults_of_recommended())
        refuse_first(InvalidProtocol, where, self._faults_of_lapses())

    def _faults_of_words(self) -> Iterator[Fault]:
        """Yield what can be wrong with an attribute by itself."""
        for name, word, words in (
            ("kind", self.kind, ("induction", "maintenance")),
            ("place", self.place, ("clinic", "home")),
            ("anchor", self.anchor, ("start", "previous")),
        ):
            yield (
                word not in words,
                name,
                f"{name} is {word!r}",
                f"{name} is {' or '.join(words)}",
                " or ".join(f'{name} = "{known}"' for known in words),
            )
        yield (
            any(not 0 <= d <= 6 for d in self.weekdays) or len(set(self.weekdays)) != len(self.weekdays),
            "weekdays",
            "weekdays that are not days of the week, each once",
            "a pattern names each weekday once",
            'write weekdays = ["Mon", "Thu"]',
        )
        yield (
            self.anchor_weekday not in (None, *range(7)),
            "anchor_weekday",
            f"anchor_weekday is {self.anchor_weekday!r}",
            "it is a day of the week, 0 (Monday) to 6",
            'write anchor_weekday = "Mon"',
        )
        least, most = self.weeks or (1, 1)
        yield (
            not 1 <= least <= most <= 52 * LONGEST_YEARS,
            "weeks",
            f"{least} to {most} weeks",
            f"nominal weeks are 1 to {52 * LONGEST_YEARS}, the fewer first",
            "write least = 2, most = 4",
        )
        yield (
            self.missed not in POLICIES,
            "missed",
            f"missed is {str(self.missed)[:20]!r}",
            f"what is done about a missed session is {', '.join(POLICIES)}",
            did_you_mean(str(self.missed), POLICIES) or 'write missed = "keep"',
        )
        yield (
            not (self.no_driving in (None, "next day") or _whole_minutes(self.no_driving)),
            "no_driving",
            f"no_driving is {self.no_driving!r}",
            "it is a rule of the local date, or of elapsed time in whole minutes, 7 days at most",
            'write no_driving = "next day" or an ISO 8601 duration such as "PT24H"',
        )

    def _faults_of_pattern(self) -> Iterator[Fault]:
        """Yield what can be wrong with the counts and the pattern, or between the two."""
        low, high = self.counts
        days = self.study_days
        yield (
            not 1 <= low <= (low if self.count is None else self.count) <= high <= MOST_SESSIONS,
            "count",
            f"{low} to {high} sessions, {self.count} of them planned",
            f"a phase has 1 to {MOST_SESSIONS} sessions, and the planned count lies among those accepted",
            "give least <= value <= most",
        )
        yield (
            self.count is None and not self.every and not self.weekdays,
            "",
            "an open-ended phase without an interval",
            "without a count the pattern must go on by itself",
            "give every or weekdays, or a count",
        )
        yield (
            bool(days)
            and (days[0] != 1 or sorted(set(days)) != list(days) or days[-1] > LONGEST_YEARS * 366),
            "study_days",
            "study days that do not ascend from 1",
            f"Day 1 is the first session, each day is later than the one before, all within {LONGEST_YEARS} years",
            "write them as papers do: [1, 3, 5, 8, 10, 12]",
        )
        yield (
            bool(days) and not self.weekdays and len(days) < (self.count or low),
            "study_days",
            f"{len(days)} study days for {self.count} sessions",
            "a pattern by study days has one for each session",
            "list a day for every session, or give weekdays",
        )
        yield (
            bool(self.extra_days)
            and (
                not days
                or bool(self.weekdays)
                or bool(set(self.extra_days) & set(days))
                or len(set(self.extra_days)) != len(self.extra_days)
                or not all(1 < day <= LONGEST_YEARS * 366 for day in self.extra_days)
            ),
            "extra_days",
            "extra days that are no further study days",
            "they are days after Day 1 that a pattern by study days does not have yet, each once",
            "list other days, or leave them out",
        )
        yield (
            bool(self.choices) and len(self.every) != 1,
            "choices",
            "choices beside no interval, or beside a list",
            "one interval can be chosen instead of the one that is there",
            'write every = { value = "P14D", choices = ["P7D", "P14D"], ... }',
        )
        yield (
            bool(self.every) and bool(self.weekdays or days),
            "every",
            "every beside weekdays or study_days",
            "a phase has one pattern: days of the week, study days or an interval",
            "keep one of them",
        )

    def _faults_of_recommended(self) -> Iterator[Fault]:
        """Yield where the recommended days of numbered sessions contradict each other."""
        for before, after in pairwise(self.recommended):
            yield (
                before.number >= after.number
                or first_day_out_of_order(before.after_first, after.after_first) is not None,
                "recommended",
                f"recommended days that do not ascend: {before.words()}, then {after.words()}",
                "each session is named once, and a later one is not aimed at sooner",
                "write them in order of their numbers",
            )

    def _faults_of_lapses(self) -> Iterator[Fault]:
        """Yield where the lapse bands leave a gap, overlap or end."""
        if not self.lapse:
            return
        why = "lapse bands ascend from day 0, each begins on the day after the last of the one before, the last is open"
        yield (
            self.lapse[0].first != 0,
            "lapse",
            f"lapse bands that begin on day {self.lapse[0].first}",
            why,
            "begin the first with from = 0",
        )
        for before, after in pairwise(self.lapse):
            end = before.last
            gap = end is not None and after.first > end + 1
            yield (
                end is None or after.first != end + 1,
                "lapse",
                f"{'a gap' if gap else 'an overlap'} between the lapse bands {before.words()!r} and {after.words()!r}",
                why,
                "give the earlier one an until"
                if end is None
                else f"begin the later one with from = {end + 1}",
            )
        yield (
            self.lapse[-1].last is not None,
            "lapse",
            f"lapse bands that end on day {self.lapse[-1].last}",
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

    def neighbour_minimum(self, earlier: date | None = None) -> int:
        """The most days that any required rule asks for between two neighbours, after one of that day; 0 if none."""
        rules = (s for s in self.spacing if s.required and s.apart == 1 and s.is_for_all)
        return max((s.limits(earlier).minimum or 0 for s in rules), default=0)

    @property
    def join_rule(self) -> Spacing | None:
        """What its join asks for between it and the phase before; None if it states no rules."""
        return None if self.join is None else self.join.rule

    def recommended_day(self, number: int, first: date) -> date | None:
        """Return the day aimed at for a numbered session, given session 1; None if the pattern decides."""
        stated = (one.after_first for one in self.recommended if one.number == number)
        return next((day_after(first, length) for length in stated), None)

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
