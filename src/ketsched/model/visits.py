"""What really happened: visits, as somebody recorded them."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

import attrs

from ketsched.clock import plausible
from ketsched.errors import InvalidInput, refuse_first
from ketsched.model.limits import check_text, whole_text
from ketsched.nearness import did_you_mean

CANCELLED_BY = ("", "patient", "clinic")


class VisitStatus(StrEnum):
    """
    Outcome of a visit.

    Cancelled is also: came, and was sent home untreated. Withdrawn takes an earlier entry back,
    as if it had never been made.
    """

    FULFILLED = "fulfilled"
    NO_SHOW = "no-show"
    CANCELLED = "cancelled"
    STOPPED_EARLY = "stopped early"
    WITHDRAWN = "withdrawn"

    @property
    def delivered(self) -> bool:
        """Whether something was given: it sets the clock for every minimum, whether it counts or not."""
        return self in (VisitStatus.FULFILLED, VisitStatus.STOPPED_EARLY)


def _happened(value: str) -> VisitStatus:
    try:
        return VisitStatus(value)
    except ValueError:
        known = ", ".join(VisitStatus)
        raise InvalidInput(
            what=f"{str(value)[:20]!r} is not a status." if str(value).strip() else "The status is missing.",
            where="status",
            why=f"a status is one of {known}; nothing is assumed given",
            fix=did_you_mean(str(value), VisitStatus) or "write one of these",
        ) from None


@attrs.frozen
class Visit:
    """
    One visit that took place or should have.

    Attributes:
        day: Local date of the place where it happened.
        status: See VisitStatus.
        session: Id of the booking that it was, if it names one.
        at: Local time at which it began; None if unknown.
        elsewhere: Whether it was at another clinic.
        counts: Whether it counts toward the series, if somebody decided; one stopped early is asked for.
        by: Who cancelled it, "patient" or "clinic"; empty if unknown or not cancelled.
        route: Of the drug, if another than the booking's; empty: that one.
        worse: Whether somebody recorded that symptoms have become worse.
        note: For the clinic.
        id: Name of the entry, for corrections of it; empty: it has none.
        corrects: Id of an earlier entry that this one replaces; empty: none.
        who: Who recorded it; empty if unknown.
    """

    day: date
    status: VisitStatus = attrs.field(default=VisitStatus.FULFILLED, converter=_happened)
    session: str | None = attrs.field(default=None, kw_only=True)
    at: time | None = attrs.field(default=None, kw_only=True)
    elsewhere: bool = attrs.field(default=False, kw_only=True)
    counts: bool | None = attrs.field(default=None, kw_only=True)
    by: str = attrs.field(default="", kw_only=True, validator=whole_text)
    route: str = attrs.field(default="", kw_only=True, validator=whole_text)
    worse: bool = attrs.field(default=False, kw_only=True)
    note: str = attrs.field(default="", kw_only=True, validator=whole_text)
    id: str = attrs.field(default="", kw_only=True, validator=whole_text)
    corrects: str = attrs.field(default="", kw_only=True, validator=whole_text)
    who: str = attrs.field(default="", kw_only=True, validator=whole_text)

    def __attrs_post_init__(self) -> None:
        plausible(self.day, "visit")
        if self.session is not None:
            check_text(self.session, "session")
        if self.at is not None and (
            not isinstance(self.at, time) or self.at.second or self.at.microsecond or self.at.tzinfo
        ):
            raise InvalidInput(
                what=f"a visit at {str(self.at)[:20]}",
                where=f"{self.day}",
                why="a visit begins at a whole minute of the clock where it happened",
                fix="give hours and minutes without a zone, or leave at out",
            )
        why = "the record contradicts itself"
        flags = {
            "elsewhere": self.elsewhere,
            "worse": self.worse,
            "counts": False if self.counts is None else self.counts,
        }
        unclear = next((name for name, value in flags.items() if type(value) is not bool), "")
        faults = (
            (
                bool(unclear),
                unclear,
                f"{unclear} is {str(flags.get(unclear))[:20]!r}",
                "it is True or False",
                f"give {unclear}=True or {unclear}=False",
            ),
            (
                self.by not in CANCELLED_BY,
                "by",
                f"cancelled by {self.by[:20]!r}",
                why,
                did_you_mean(self.by, CANCELLED_BY) or 'by="patient" or by="clinic"',
            ),
            (
                bool(self.by) and self.status is not VisitStatus.CANCELLED,
                "by",
                f"a visit that was {self.status} and cancelled by somebody",
                why,
                "leave by out, or make it cancelled",
            ),
            (
                self.counts is not None and not self.status.delivered,
                "counts",
                f"a visit that was {self.status}, and whether it counts",
                why,
                "leave counts out; only what was given can count",
            ),
            (
                self.status is VisitStatus.WITHDRAWN and not self.corrects,
                "corrects",
                "an entry withdrawn that names none",
                why,
                'say which entry it takes back ({corrects=v2|corrects="v2"})',
            ),
            (
                bool(self.corrects) and self.corrects == self.id,
                "corrects",
                "an entry that corrects itself",
                why,
                "name the earlier one",
            ),
        )
        refuse_first(InvalidInput, f"visit of {self.day}", faults)
