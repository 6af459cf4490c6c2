"""The words of one language, as the people of one place write days and hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import attrs

from ketsched.countries import country_of
from ketsched.languages.contact import NO_CONTACT, Contact, Line
from ketsched.languages.table import check_language, lines_of

if TYPE_CHECKING:
    from babel import Locale

# Countries whose people rather have a clock of 12 hours, as Unicode's time data say (CLDR supplementalData, timeData).
_TWELVE_HOURS = (
    "AC AE AG AL AR AS AU BB BD BH BM BN BO BS BT CA CD CL CO CR CU CY DJ DM DO DZ EC EG EH ER ET FJ FM GD GH "
    "GM GR GT GU GY HK HN IN IQ IR JM JO KE KH KI KN KP KR KW KY LB LC LR LS LY MH MM MO MP MR MW MX MY NA NI "
    "NZ OM PA PE PG PH PK PR PS PW PY QA SA SB SD SG SL SO SS SV SY SZ TC TD TN TO TT TW TZ UG UM US UY VC VE "
    "VG VI VU WS YE ZM"
)
_MIDNIGHT, _MINUTE = time(), timedelta(minutes=1)


@attrs.frozen(eq=False)
class Words:
    """
    Every line of one language, and how days, hours and lists are written in it.

    Attributes:
        language: Its code, "en".
        twelve_hours: Whether hours are said by a clock of 12 hours.
        lines: By key, each with its `{placeholders}`; the clinic's own among them.
        country: Code of the country of the place; empty: none is known.
    """

    language: str
    twelve_hours: bool
    lines: Mapping[str, str]
    country: str = ""

    @classmethod
    def of(cls, language: str = "en", *, zone: str = "UTC", contact: Contact = NO_CONTACT) -> Words:
        """
        Return the words of a language at a place.

        Args:
            language: Its code.
            zone: IANA zone of the clinic; its country decides how days are written, and the clock.
            contact: The clinic's, with its clock and its own lines.
        """
        return _words_of(check_language(language), country_of(zone), contact.clock, contact.lines)

    def say(self, key: str, /, **values: object) -> str:
        """Return a line with its placeholders filled in."""
        return self.lines[key].format_map(values)

    def knows(self, key: str) -> bool:
        """Whether there is such a line."""
        return key in self.lines

    def day(self, on: date, *, beside: date | None = None) -> str:
        """
        Say a day as readers do, "Monday 18 January".

        Args:
            on: The day.
            beside: Another day that the reader has before them; the year is said if it is another one.
        """
        return self._days(on, beside is not None and beside.year != on.year)

    def clock(self, at: time | datetime) -> str:
        """Say a time of day as it stands in a sentence: "10:00", "2:30 pm", "las 10:00", "10:00 Uhr"."""
        return self._clocks(time(at.hour, at.minute))

    def bare_clock(self, at: time | datetime) -> str:
        """Write a time of day as it stands by itself: "10:00", "2:30 pm", "2:30 de la tarde"."""
        return self._bare(time(at.hour, at.minute))[0]

    def month(self, of: date) -> str:
        """Say a month with its year as the head of a leaf of a calendar, "January 2027", "enero de 2027"."""
        from babel.dates import format_skeleton

        return format_skeleton("yMMMM", of, locale=self.locale)

    @cached_property
    def first_weekday(self) -> int:
        """The day on which a week begins at the place, 0 for Monday."""
        from babel import Locale, UnknownLocaleError

        if not self.country:
            return self.locale.first_week_day
        try:
            return Locale.parse(f"und_{self.country}").first_week_day
        except UnknownLocaleError:  # such as Antarctica
            return self.locale.first_week_day

    def moment(self, at: datetime, *, beside: date) -> str:
        """
        Say a time of day, and which of two it is if the clocks show it twice.

        Args:
            at: The moment, in the clinic's zone.
            beside: The day that the reader has before them; another one is said.
        """
        at = self.spoken(at)
        said = self.clock(at)
        if at.date() != beside:
            said = self.say("time_on_day", time=said, day=self.day(at.date(), beside=beside))
        return f"{said} {self.lines['again']}" if at.fold else said

    def spoken(self, at: datetime) -> datetime:
        """Return the moment that is said for another one: of 12 hours, "12 am" is taken for either end of a day."""
        return at - _MINUTE if self.twelve_hours and at.time() == _MIDNIGHT else at

    def length(self, minutes: int) -> str:
        """Say how long something takes, "1 hour 30 minutes"."""
        hours, rest = divmod(minutes, 60)
        in_hours = self.say("hour" if hours == 1 else "hours", n=hours)
        in_minutes = self.say("minute" if rest == 1 else "minutes", n=rest)
        if hours and rest:
            return self.say("hours_and_minutes", hours=in_hours, minutes=in_minutes)
        return in_hours if hours else in_minutes

    def listed(self, items: Sequence[str]) -> str:
        """Say several things one after another, "a, b and c"."""
        *first, last = items
        return self.say("list_last", first=self.lines["list_comma"].join(first), last=last) if first else last

    def city(self, zone: str) -> str:
        """Say the city of a zone, "London", "Londres"."""
        from babel.dates import get_timezone_location

        return get_timezone_location(zone, locale=self.locale, return_city=True)

    @cached_property
    def locale(self) -> Locale:
        """Whose names of days and months they are, as Babel has them."""
        from babel import Locale

        return Locale.parse(self.lines["locale"])

    @cached_property
    def _days(self) -> Callable[[date, bool], str]:
        return lru_cache(maxsize=None)(self._day)

    def _day(self, on: date, with_year: bool) -> str:
        return self.say(
            "day_of_year" if with_year else "day",
            weekday=self.locale.days["format"]["wide"][on.weekday()],
            day=on.day,
            month=self.locale.months["format"]["wide"][on.month],
            year=on.year,
        )

    @cached_property
    def _clocks(self) -> Callable[[time], str]:
        return lru_cache(maxsize=None)(self._clock)

    def _clock(self, at: time) -> str:
        clock, shown = self._bare(at)
        return self.say("time_of_one" if shown == 1 else "time", clock=clock)

    def _bare(self, at: time) -> tuple[str, int]:
        """Return a time of day by itself, and the hour that it shows."""
        from babel.dates import format_time

        pattern = "clock_24"
        if self.twelve_hours and at != _MIDNIGHT:
            noon = "clock_12_noon" if at.hour == 12 else "clock_12"
            pattern = "clock_12_minutes" if at.minute else noon
        shown = 1 if at.hour == 1 or (at.hour == 13 and pattern != "clock_24") else at.hour
        return format_time(at, self.lines[pattern], locale=self.locale), shown


@lru_cache(maxsize=64)
def _words_of(language: str, country: str, clock: str, own: tuple[Line, ...]) -> Words:
    lines = lines_of(language, country)
    if own:
        lines = {**lines, **{line.key: line.text for line in own if line.language == language}}
    twelve = clock == "12h" if clock else bool(country) and country in _TWELVE_HOURS
    return Words(language, twelve and bool(lines["clock_12"]), lines, country)
