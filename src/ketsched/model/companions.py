"""
What goes around sessions, as a protocol prescribes it.

An *appointment* takes time (screening, a review, psychotherapy), a *task* has a due date
(a form, a ride to confirm), a *notice* is words (drink water, rest). Each is counted from
an anchor and lies within a window of days, as a session does from the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from ketsched.arguments import checked_attributes
from ketsched.errors import Fault, InvalidProtocol, refuse_first
from ketsched.model.intervals import Interval
from ketsched.model.limits import LONGEST_YEARS, MOST_MINUTES, MOST_SESSIONS, whole_text
from ketsched.model.phases import Evidence
from ketsched.model.spacings import Spacing
from ketsched.nearness import meant_of

KINDS = ("appointment", "task", "notice")
AUDIENCES = ("patient", "clinic", "both")
PLACES = ("clinic", "home", "telephone", "elsewhere")
SESSION_DAYS = ("allowed", "never", "only", "during")
TOPICS = (
    "screening",
    "intake",
    "preparation",
    "review",
    "psychotherapy",
    "integration",
    "laboratory",
    "stimulation",
    "monitoring",
    "check-in",
    "form",
    "ride",
    "peer monitor",
    "fluids",
    "medicine",
    "rest",
    "warning",
    "note",
)
"""What a companion is about; rules and neutral words go by it, the title is the clinic's own."""
AREAS = ("urinary", "liver", "blood pressure", "cognition")
"""What monitoring can look at; the four that the KSET tools and the articles name."""
_FARTHEST = LONGEST_YEARS * 366


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Anchor:
    """
    What a companion is counted from: exactly one of the first five, in one phase or the whole course.

    Attributes:
        session: Number of a session, from 1.
        every: Each n-th session; 1 is each one.
        edge: "start" or "end": the first or the last session.
        study_day: A day counted as papers do: the first session is on Day 1.
        companion: Id of another companion; each of its bookings is an anchor.
        phase: Name of the phase whose sessions are counted; empty: the whole course.
    """

    session: int | None = None
    every: int | None = None
    edge: str | None = None
    study_day: int | None = None
    companion: str | None = None
    phase: str = attrs.field(default="", validator=whole_text)

    def __attrs_post_init__(self) -> None:
        given = (self.session, self.every, self.edge, self.study_day, self.companion)
        numbers = ((self.session, MOST_SESSIONS), (self.every, MOST_SESSIONS), (self.study_day, _FARTHEST))
        fault = (
            sum(one is not None for one in given) != 1
            or any(n is not None and not 1 <= n <= most for n, most in numbers)
            or self.edge not in (None, "start", "end")
            or (self.companion is not None and bool(self.phase)),
            "",
            "an anchor that names no one thing",
            "a companion is counted from one session, every n-th one, a start or end, a study day, "
            "or another companion; only the first four can be of one phase",
            'write { session = 3 }, { every = 1 }, { edge = "end", phase = "induction" }, '
            '{ study_day = 13 } or { companion = "intake" }',
        )
        refuse_first(InvalidProtocol, "anchor", (fault,))

    def words(self) -> str:
        """Say what it is in a few words."""
        within = f" of {self.phase}" if self.phase else ""
        if self.session is not None:
            return f"session {self.session}{within}"
        if self.every is not None:
            nth = {1: "each session", 2: "every second session", 3: "every third session"}
            return nth.get(self.every, f"every {self.every}th session") + within
        if self.edge is not None:
            return f"the {'first' if self.edge == 'start' else 'last'} session{within}"
        return f"Day {self.study_day}{within}" if self.study_day is not None else f"{self.companion}"


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Window:
    """
    Days after an anchor, inclusive; negative ones are before it.

    Attributes:
        earliest: Not sooner.
        recommended: As near to it as can be.
        latest: Not later; the day on which a task is due.
    """

    earliest: int = 0
    recommended: int = 0
    latest: int = 0

    def __attrs_post_init__(self) -> None:
        fault = (
            not -_FARTHEST <= self.earliest <= self.recommended <= self.latest <= _FARTHEST,
            "",
            f"the window {self.earliest}/{self.recommended}/{self.latest} days is out of order",
            "the recommended day lies between the earliest and the latest",
            "give whole days with earliest <= recommended <= latest; days before the anchor are negative",
        )
        refuse_first(InvalidProtocol, "window", (fault,))


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Companion:
    """
    One thing that goes around sessions: what it is, what it is counted from, and when it may be.

    An appointment with a count is a series of its own: `every`, `weekdays` and `spacing` mean for
    its bookings what they mean for the sessions of a phase, and all of them lie in the window.

    Attributes:
        id: Lower-case words with hyphens, "response-review"; unique in the protocol.
        kind: "appointment" (takes time), "task" (has a due date) or "notice" (is words).
        topic: One of TOPICS.
        title: What the clinic calls it; told to readers where the file may name things.
        text: What it asks or says, in a sentence or two; may be empty.
        audience: "patient", "clinic" or "both".
        required: Whether a course without it is wrong; else it is recommended.
        anchor: What it is counted from.
        window: Days after the anchor on which it may be.
        count: Bookings from one anchor; None: again and again until the last session of the anchor's phase or course.
        every: From one booking to the next; in a list the last repeats.
        weekdays: The only days of the week it can be on, Monday is 0; empty: any.
        spacing: Rules between its own bookings from one anchor.
        minutes: How long an appointment takes; 0 for tasks and notices.
        calendar: Whose hours it needs, a name that the caller gives a calendar for; empty: the clinic's hours.
        place: "clinic", "home", "telephone" or "elsewhere"; at home and by telephone it is no trip.
        on_session_days: "allowed" (and then shared with the session's trip if it can be), "never",
            "only", or "during" the session itself.
        gate: Whether the sessions after it are to be confirmed until its outcome is recorded; a gate is
            always required.
        before: For a notice: it holds from so many minutes before the start of the infusion; None: no such time.
        after: For a notice: it holds until so many minutes after the end of the infusion; None: no such time.
        areas: What monitoring looks at, of AREAS.
        countries: Where it belongs, as ISO 3166 codes, "US": a clinic in another country is planned without it;
            empty: everywhere. A course has its country behind it, and holds none.
        evidence: Source and mark of each number.
    """

    id: str
    kind: str
    topic: str
    title: str = attrs.field(validator=whole_text)
    anchor: Anchor
    text: str = attrs.field(default="", validator=whole_text)
    audience: str = "both"
    required: bool = False
    window: Window = Window()
    count: int | None = 1
    every: tuple[Interval, ...] = ()
    weekdays: tuple[int, ...] = ()
    spacing: tuple[Spacing, ...] = ()
    minutes: int = 0
    calendar: str = attrs.field(default="", validator=whole_text)
    place: str = "clinic"
    on_session_days: str = "allowed"
    gate: bool = False
    before: int | None = None
    after: int | None = None
    areas: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def __repr__(self) -> str:
        return f"<Companion {self.id}: {self.kind}, {self.title[:60]!r}>"

    def __attrs_post_init__(self) -> None:
        if self.gate:  # without it nobody would decide, and the sessions after it would be firm
            object.__setattr__(self, "required", True)
        where = f"companion {self.id[:40]}"
        refuse_first(InvalidProtocol, where, self._faults_of_words())
        refuse_first(InvalidProtocol, where, self._faults_of_kind())
        refuse_first(InvalidProtocol, where, self._faults_of_days())

    def _faults_of_words(self) -> Iterator[Fault]:
        """Yield what can be wrong with an attribute by itself."""
        yield (
            not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id) or len(self.id) > 64,
            "id",
            f"the id {self.id[:64]!r}",
            "ids are lower-case words and numbers with hyphens between them, at most 64 characters",
            'write it like "response-review"',
        )
        for name, word, words in (
            ("kind", self.kind, KINDS),
            ("topic", self.topic, TOPICS),
            ("audience", self.audience, AUDIENCES),
            ("place", self.place, PLACES),
            ("on_session_days", self.on_session_days, SESSION_DAYS),
        ):
            what, why = f"{name} is {word[:40]!r}", f"{name} is {' or '.join(words)}"
            yield (word not in words, name, what, why, "choose one")
        yield (not self.title.strip(), "title", "a blank title", "people read it", 'write title = "..."')
        yield (
            any(not 0 <= day <= 6 for day in self.weekdays) or len(set(self.weekdays)) != len(self.weekdays),
            "weekdays",
            "weekdays that are not days of the week, each once",
            "a companion names each weekday once",
            'write weekdays = ["Tue"]',
        )
        yield (
            any(area not in AREAS for area in self.areas)
            or len(set(self.areas)) != len(self.areas)
            or (bool(self.areas) and self.topic not in ("monitoring", "laboratory")),
            "areas",
            "areas of monitoring that are not known, or of something else",
            f"monitoring looks at {', '.join(AREAS)}",
            meant_of(self.areas, AREAS) or 'write topic = "monitoring" and areas = ["urinary", "liver"]',
        )

        yield (
            any(not re.fullmatch("[A-Z]{2}", code) for code in self.countries)
            or len(set(self.countries)) != len(self.countries),
            "countries",
            "countries that are no codes of two letters, each once",
            "countries are written as ISO 3166 has them",
            'write countries = ["US"]',
        )

    def _faults_of_kind(self) -> Iterator[Fault]:
        """Yield what only another kind of companion can have."""
        timed = self.kind == "appointment"
        yield (
            not (1 <= self.minutes <= MOST_MINUTES if timed else self.minutes == 0),
            "minutes",
            f"{self.kind} of {self.minutes} minutes",
            f"an appointment takes 1 to {MOST_MINUTES} minutes, tasks and notices take none",
            'give an appointment its duration, "PT1H"; leave it out elsewhere',
        )
        decides_or_needs = self.gate or bool(self.calendar)
        yield (
            not timed and (decides_or_needs or self.on_session_days != "allowed" or bool(self.weekdays)),
            "",
            f"a {self.kind} that is an appointment in part",
            "only appointments need somebody's hours, keep off the days of sessions or decide about what follows",
            "make it an appointment, or leave gate, calendar, weekdays and on_session_days out",
        )
        series = self.count != 1 or bool(self.every or self.spacing or self.weekdays)
        yield (
            self.kind == "notice" and series,
            "",
            "a notice as a series",
            "a notice is words beside a session",
            "anchor it at each session: { every = 1 }",
        )
        yield (
            (self.before is not None or self.after is not None) and self.kind != "notice",
            "after" if self.before is None else "before",
            f"a {self.kind} that holds for minutes",
            "only notices hold from a time before a session or until one after it",
            "leave before and after out",
        )
        yield (
            any(m is not None and not 0 <= m <= 7 * MOST_MINUTES for m in (self.before, self.after)),
            "after" if self.before is None else "before",
            f"a notice from {self.before} to {self.after} minutes",
            "a notice holds for a week at most",
            'write before = "PT2H"',
        )

    def _faults_of_days(self) -> Iterator[Fault]:
        """Yield what can be wrong with how often it is booked, and on which days."""
        yield (
            self.count is not None and not 1 <= self.count <= MOST_SESSIONS,
            "count",
            f"{self.count} bookings",
            f"a companion has 1 to {MOST_SESSIONS} bookings from one anchor",
            "give a count among these",
        )
        yield (
            self.count != 1 and not self.every,
            "count",
            "several bookings without an interval",
            "each but the first is counted from the one before it",
            'give every = "P7D", or a list',
        )
        yield (
            any(not spacing.required for spacing in self.spacing),
            "spacing",
            "a preferred spacing",
            "what goes around sessions has required rules and a recommended day",
            "leave required = false out",
        )
        yield (
            any(spacing.minimum_hours is not None or spacing.has_months for spacing in self.spacing),
            "spacing",
            "a spacing in hours or months",
            "companions are kept apart in days",
            "give it in days",
        )
        yield (
            any(spacing.number is not None for spacing in self.spacing),
            "spacing",
            "a spacing for one numbered booking",
            "what goes around sessions is counted by its bookings alone",
            "name both of them, with between",
        )
        yield (
            self.on_session_days == "during"
            and (self.window != Window() or self.count != 1 or bool(self.weekdays)),
            "on_session_days",
            "an appointment during a session that has days of its own",
            "what happens during a session is on its day, and once",
            "leave window, count and weekdays out",
        )

    @property
    def role(self) -> str:
        """Whom it takes: by the name of their calendar, or a clinician; empty: nobody of the clinic."""
        if self.kind != "appointment":
            return ""
        beside = self.place in ("clinic", "telephone") and self.on_session_days != "during"
        return self.calendar or ("clinician" if beside else "")

    @property
    def is_trip(self) -> bool:
        """Whether somebody has to go somewhere for it."""
        return self.kind == "appointment" and self.place in ("clinic", "elsewhere")

    @property
    def for_patient(self) -> bool:
        """Whether the patient is told of it."""
        return self.audience != "clinic"

    @property
    def for_clinic(self) -> bool:
        """Whether the clinic's files tell of it."""
        return self.audience != "patient"
