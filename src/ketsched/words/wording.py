"""
What a published file says: for whom, how much of it, and in which words.

All words of a language stand in one table, `Words`; another language is one more entry
of `LANGUAGES`. A default file tells nothing: not the drug, the diagnosis or the number of
a session, and not the name of this library, because that tells the drug.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import attrs

from ketsched.errors import InvalidInput
from ketsched.nearness import did_you_mean

Chosen = TypeVar("Chosen", bound=StrEnum)


class Audience(StrEnum):
    """Who reads the file; decides the words."""

    PATIENT = "patient"
    CLINIC = "clinic"


class Privacy(StrEnum):
    """How much the words tell: nothing, that it is a treatment and its number, or all."""

    DISCREET = "discreet"
    NAMED = "named"
    FULL = "full"


@attrs.frozen(kw_only=True)
class Telephone:
    """
    The sentences that are read out when something changed; names in braces are filled in.

    Attributes:
        session: What a session is called in them.
        companion: What an appointment around sessions is called.
        hour: A day with its hour.
        no_hour: An hour that is not known.
        ride_again: Added where a session moved away from the day and hour that a ride was confirmed for.
    """

    session: str
    companion: str
    hour: str
    no_hour: str
    new: str
    other_day: str
    other_hour: str
    other_place: str
    cancelled: str
    did_not_take_place: str
    confirmed: str
    to_be_confirmed: str
    ride_again: str


@attrs.frozen(kw_only=True, eq=False)
class Words:
    """
    Everything that a file says in one language; names in braces are filled in.

    Attributes:
        weekdays: Monday first.
        months: January first.
        day: A date without its year, so that it reads as people say it.
        clock: A time of day on a day, where the day is not clear from the context.
        again: Added to a clock time that comes a second time that night.
        of_phase: A session's title in one of several phases of a kind: numbers begin again in each.
        topics: What a companion is called where its title is not told: words that tell no drug.
        by_place: Said of an appointment that nobody goes to the clinic for.
        left_out: Known restrictions by what the protocol calls them, each in harmless words.
        notices, tasks: By topic, words that tell nothing; others get the general sentence.
        notices_named, tasks_named: Likewise, where the file may say that it is a treatment.
        nothing_to_drink: Of the sentences of left_out; water is then not asked for without it.
        telephone: What is read out.
        parts: What the parts of a session are called where the drug is not named.
        treatments: What the treatment itself is called, by route, where all is told.
    """

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    clock: str
    again: str
    hours: tuple[str, str]
    minutes: tuple[str, str]
    product: str
    calendar: str
    calendar_named: str
    session: str
    reminder: str
    topics: dict[str, str]
    series: dict[str, str]
    of_phase: str
    numbered: str
    with_route: str
    tentative: str
    cancelled: str
    tomorrow: str
    today: str
    arrive: str
    begins: str
    takes: str
    by_place: dict[str, str]
    nothing_to_drink: str
    left_out: dict[str, str]
    left_out_discreet: str
    left_out_full: str
    no_driving_until: str
    no_driving_next_day: str
    no_driving_slept: str
    day_after: str
    day_after_named: str
    ride_home: str
    notices: dict[str, str]
    notices_named: dict[str, str]
    notice: str
    water_until: str
    water_before: str
    water_after: str
    holds_from: str
    holds_until: str
    holds_between: str
    tasks: dict[str, str]
    tasks_named: dict[str, str]
    task: str
    task_full: str
    due: str
    during: str
    during_discreet: str
    not_confirmed: str
    does_not_take_place: str
    did_not_take_place: str
    no_longer: str
    done: str
    not_done: str
    decided_by: dict[Audience, str]
    parts: tuple[str, str, str, str]
    treatments: dict[str, str]
    part: str
    chair: str
    chair_free: str
    protocol: str
    route: str
    finding: str
    to_confirm: str
    outcome: str
    no_outcome: str
    areas: str
    telephone: Telephone

    def date(self, on: date) -> str:
        """Say a date as readers of this language do."""
        return _date(self, on)

    def moment(self, at: datetime, day: str = "") -> str:
        """Say a moment by the clock of its zone, with its day, unless another word stands for that."""
        said = self.clock.format(time=clock(at), day=day or self.date(at.date()))
        return f"{said} {self.again}" if at.fold else said

    def length(self, minutes: int) -> str:
        """Say how long something takes."""
        hours, rest = divmod(minutes, 60)
        said = [f"{hours} {self.hours[hours != 1]}"] if hours else []
        said += [f"{rest} {self.minutes[rest != 1]}"] if rest or not hours else []
        return " ".join(said)


@lru_cache(maxsize=4096)
def _date(words: Words, on: date) -> str:
    return words.day.format(
        weekday=words.weekdays[on.weekday()], day=on.day, month=words.months[on.month - 1]
    )


_EATING, _DRINKING = "Nothing to eat after {time}.", "Nothing to drink after {time}."
_RIDE_HOME = "Arrange for someone to take you home, and rest afterwards."

LANGUAGES: dict[str, Words] = {
    "en": Words(
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        day="{weekday} {day} {month}",
        clock="{time} on {day}",
        again="(the second time that clocks show it that night)",
        hours=("hour", "hours"),
        minutes=("minute", "minutes"),
        product="-//Clinic schedule//EN",
        calendar="Appointments",
        calendar_named="Treatment sessions",
        session="Appointment",
        reminder="Reminder",
        topics={
            "screening": "Screening",
            "intake": "First visit",
            "preparation": "Preparation",
            "review": "Review",
            "psychotherapy": "Talking session",
            "integration": "Time to look back",
            "laboratory": "Laboratory visit",
            "stimulation": "Treatment visit",
            "monitoring": "Check-up",
            "check-in": "Check-in",
            "form": "Form to fill in",
            "ride": "Ride home",
            "peer monitor": "Person staying with you",
            "fluids": "Drinking",
            "medicine": "Medicines",
            "rest": "Rest",
            "warning": "Note",
            "note": "Note",
        },
        series={"induction": "Treatment session", "maintenance": "Maintenance session"},
        of_phase="{title} ({phase})",
        numbered="{title} {number} of {total}",
        with_route="{title}, {route}",
        tentative="{title} (to be confirmed)",
        cancelled="Cancelled: {title}",
        tomorrow="{title} tomorrow at {time}",
        today="{title} at {time}",
        arrive="Please arrive at {time}.",
        begins="Begins at {time}.",
        takes="It takes about {length}, until {time}.",
        by_place={"telephone": "By telephone.", "home": "At home."},
        nothing_to_drink=_DRINKING,
        left_out={
            "eating": _EATING,
            "food": _EATING,
            "solid food": _EATING,
            "drinking": _DRINKING,
            "fluids": _DRINKING,
            "liquids": _DRINKING,
            "clear liquids": _DRINKING,
        },
        left_out_discreet="From {time} on, leave out what your clinic told you to leave out.",
        left_out_full="From {time} on, leave out: {what}.",
        no_driving_until="Do not drive until {time}.",
        no_driving_next_day="Do not drive until tomorrow, after a full night's sleep (not before {day}).",
        no_driving_slept="Do not drive until you have slept a full night.",
        day_after="After your appointment",
        day_after_named="After your treatment session",
        ride_home=_RIDE_HOME,
        notices={
            "fluids": "Drink water before and after.",
            "rest": "Keep the rest of the day free.",
            "ride": _RIDE_HOME,
        },
        notices_named={"medicine": "Mind what your clinic told you about your medicines."},
        notice="Your clinic has a note for you about this appointment; ask if unsure.",
        water_until="Drink water before, but only until the time named above, and after.",
        water_before="Drink water.",
        water_after="Drink water afterwards.",
        holds_from="From {start}: {said}",
        holds_until="Until {end}: {said}",
        holds_between="From {start} until {end}: {said}",
        tasks={"ride": "Please confirm your ride home by {day}."},
        tasks_named={"form": "Please fill in the form by {day}."},
        task="By {day}, please do what your clinic asked you to do.",
        task_full="By {day}: {said}",
        due="Due on {day}.",
        during="{time} {title}, {length}",
        during_discreet="Another appointment is part of it.",
        not_confirmed="This time is still to be confirmed.",
        does_not_take_place="This appointment is cancelled: it does not take place.",
        did_not_take_place="This appointment did not take place.",
        no_longer="This no longer applies.",
        done="This is done.",
        not_done="This was not done.",
        decided_by={
            Audience.PATIENT: "Clinic schedule: your clinic decides on it and may change it. "
            "If in doubt, ask your clinic.",
            Audience.CLINIC: "Clinic schedule: a proposal in its timing only; a clinician decides and may change it.",
        },
        parts=("preparation", "treatment", "observation", "discharge"),
        treatments={"intravenous": "infusion", "nasal": "spray"},
        part="{start} to {end} {part}",
        chair="Chair {number}",
        chair_free="{time} chair free",
        protocol="Protocol: {title} ({id}, version {version})",
        route="Route: {route}",
        finding="{code}: {what}",
        to_confirm="To be confirmed: {reason}",
        outcome="Outcome: {what} ({who}, {day})",
        no_outcome="No outcome is recorded yet.",
        areas="Looks at: {areas}",
        telephone=Telephone(
            session="appointment",
            companion="appointment besides",
            hour="{day} at {time}",
            no_hour="an hour to be agreed",
            new="There is a new {what} on {when}.",
            other_day="The {what} of {before} moves to {when}.",
            other_hour="The {what} on {day} is now at {time}, not {earlier}.",
            other_place="The {what} of {when} is at another place: {place}.",
            cancelled="The {what} of {before} is cancelled.",
            did_not_take_place="The {what} of {before} did not take place.",
            confirmed="The {what} of {when} is confirmed.",
            to_be_confirmed="The {what} of {when} is to be confirmed.",
            ride_again="Please confirm the ride home for it again.",
        ),
    )
}
"""The languages that files can be written in."""

METHODS = ("PUBLISH",)
"""Methods that a calendar file may carry; none is the default."""


def _one_of(kind: type[Chosen], value: object, name: str) -> Chosen:
    try:
        return kind(str(value))
    except ValueError:
        known = [member.value for member in kind]
        raise InvalidInput(
            what=f"the {name} {str(value)[:20]!r}",
            where=name,
            why=f"it is one of {', '.join(known)}",
            fix=did_you_mean(str(value), known) or f'give {name}="{known[0]}", or leave it out',
        ) from None


def _audience(value: object) -> Audience:
    return _one_of(Audience, value, "audience")


def privacy_of(value: object) -> Privacy:
    """Return the privacy of a name, "discreet"."""
    return _one_of(Privacy, value, "privacy")


@attrs.frozen(kw_only=True)
class Publication:
    """
    How a course is published.

    Attributes:
        audience: Who reads it.
        privacy: How much it tells.
        language: One of `LANGUAGES`.
        method: A calendar's METHOD, if it has to carry one.
        findings: What the rules remarked, each with `code` and `what`; told to the clinic where all is told.
        changes_only: Whether only what the last revision changed is written, and what was recorded just before it.
        as_of: Cancelled events whose day is before this local date are left out; None: all are kept.
    """

    audience: Audience = attrs.field(default=Audience.PATIENT, converter=_audience)
    privacy: Privacy = attrs.field(default=Privacy.DISCREET, converter=privacy_of)
    language: str = "en"
    method: str | None = None
    findings: tuple[Any, ...] = attrs.field(default=(), converter=tuple)
    changes_only: bool = False
    as_of: date | None = None

    def __attrs_post_init__(self) -> None:
        words_of(self.language)
        if self.method is not None and self.method not in METHODS:
            raise InvalidInput(
                what=f"the method {str(self.method)[:20]!r}",
                where="method",
                why="a method other than PUBLISH asks readers for answers, and some then show one event only",
                fix='leave it out, or give method="PUBLISH" for a program that wants it',
            )
        if self.as_of is not None and (isinstance(self.as_of, datetime) or not isinstance(self.as_of, date)):
            raise InvalidInput(
                what="as_of is not a date",
                where="as_of",
                why="a cancelled event is left out once its day at the clinic has passed",
                fix="give a date, as_of=date(2027, 1, 14), or leave it out",
            )

    @property
    def in_part(self) -> bool:
        """Whether some events of the course are left out."""
        return self.changes_only or self.as_of is not None

    @property
    def words(self) -> Words:
        """The words of its language."""
        return LANGUAGES[self.language]


def words_of(language: str) -> Words:
    """Return the words of a language, one of `LANGUAGES`."""
    if language not in LANGUAGES:
        raise InvalidInput(
            what=f"there are no words for the language {str(language)[:20]!r}",
            where="language",
            why=f"files can be written in {', '.join(LANGUAGES)}",
            fix=did_you_mean(str(language), LANGUAGES) or "choose one of these",
        )
    return LANGUAGES[language]


def clock(at: datetime | time) -> str:
    """Say the time of day."""
    return f"{_TWO_DIGITS[at.hour]}:{_TWO_DIGITS[at.minute]}"


_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
