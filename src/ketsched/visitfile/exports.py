"""
Exports: the visits in a CSV file that another program wrote, row by row.

A row that cannot be used is handed back with its line and the reason; what stands in a cell is
never repeated, because it may name a patient.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import TypeVar

import attrs

from ketsched.clock import FIRST_DAY, LAST_DAY, choices
from ketsched.errors import CannotRead, KetschedError
from ketsched.model import LONGEST_ID, MOST_VISITS, Visit, VisitStatus
from ketsched.model.visits import CANCELLED_BY
from ketsched.nearness import did_you_mean
from ketsched.unseen import as_seen
from ketsched.visitfile.columns import ColumnMap, Meaning, folded, letters
from ketsched.visitfile.formats import Contradiction
from ketsched.visitfile.rows import HEADER, Row, Rows, Unusable
from ketsched.weekdays import weekdays_meant
from ketsched.zones import zone_named

T = TypeVar("T")

ANOTHER_PATIENT, NO_VISIT_YET = "of another patient", "no visit yet"
"""What a row of data may be that is no visit of this patient; counted, not handed back."""

OWN_STATUSES = {letters(status): Meaning(status) for status in VisitStatus} | {
    "canceled": Meaning(VisitStatus.CANCELLED),  # as it is written in the United States
}

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNSEEN_IN_ONE_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@attrs.frozen
class UnusedRow:
    """
    A row of an export that could not be used.

    Attributes:
        line: Where the row begins in the file, from 1.
        why: What is wrong with it, without the text of a cell.
        fix: What to do about it.
    """

    line: int
    why: str
    fix: str


@attrs.frozen
class VisitFile:
    """
    What a file of visits holds.

    Attributes:
        visits: In the order of the file.
        unused: Rows that may be visits and could not be used; the caller decides.
        passed: How many rows are no visits of this patient, by what they are.
        lines: On which line of the file each visit begins, from 1.
        exported: Whether another program made it, with ids of its own.
    """

    visits: tuple[Visit, ...]
    unused: tuple[UnusedRow, ...] = ()
    passed: Mapping[str, int] = attrs.field(factory=dict)
    lines: tuple[int, ...] = attrs.field(default=(), eq=False)
    exported: bool = attrs.field(default=False, eq=False)

    def by_line(self) -> Iterator[tuple[int, Visit]]:
        """Yield each visit with its line."""
        yield from zip(self.lines, self.visits, strict=True)


def too_many(file: Path) -> CannotRead:
    """Say that a file has more visits than a course remembers."""
    return CannotRead(
        what=f"{file.name} has too many visits",
        where=str(file),
        why=f"a course remembers at most {MOST_VISITS}, and one patient's file has no more rows than that",
        fix="check that it is the file you meant; of an export of all patients, say whose rows to take",
    )


def _loosely(patient: str | None) -> str:
    """Return whose row it is without what spreadsheets change: blanks, leading zeros, the width of letters."""
    return "".join(unicodedata.normalize("NFKC", patient or "").split()).lstrip("0")


class Export:
    """One reading of an export: turns its rows into the visits of one patient."""

    def __init__(self, file: Path, columns: ColumnMap | None, patient: str | None, zone: str | None) -> None:
        self.file, self.zone = file, zone
        self.patient = None if patient is None else as_seen(patient)
        self.asked = patient is not None
        self.rows = Rows(file, columns)
        words = self.rows.map
        self.statuses = {folded(word): meaning for word, meaning in words.statuses.items()}
        self.own = {} if self.statuses else OWN_STATUSES
        self.by = {folded(word): who for word, who in words.by.items()}
        self.yes, self.no = frozenset(map(folded, words.yes)), frozenset(map(folded, words.no))
        if self.asked and "patient" not in self.rows.places:
            raise CannotRead(
                what="no column says whose row it is",
                where=f"{file}, line {self.rows.head}",
                why="the rows of one patient are asked for",
                fix='add patient = "..." to [columns] of a column map, or ask for no patient',
            )

    def read(self) -> VisitFile:
        """Return what the export holds; at least one of its rows is a visit."""
        visits: list[Visit] = []
        lines: list[int] = []
        unused: list[UnusedRow] = []
        passed: Counter[str] = Counter()
        ids: dict[str, int] = {}
        for row in self.rows:
            try:
                visit = self._visit_or_what(row)
                if isinstance(visit, Visit):
                    if visit.id and ids.setdefault(visit.id, row.line) != row.line:
                        raise Unusable(
                            f"the id in {self.rows.label('id')} is that of line {ids[visit.id]}",
                            "an entry is in the file once; one that replaces another has an id of its own",
                        )
                    visits.append(visit)
                    lines.append(row.line)
                elif visit != HEADER:
                    passed[visit] += 1
            except Unusable as fault:
                unused.append(UnusedRow(row.line, fault.why, fault.fix))
            if len(visits) + len(unused) > MOST_VISITS:
                raise too_many(self.file)
        if not visits:
            raise self._nothing(unused, passed)
        return VisitFile(tuple(visits), tuple(unused), dict(passed), lines=tuple(lines), exported=True)

    def _nothing(self, unused: list[UnusedRow], passed: Counter[str]) -> CannotRead:
        why, fix = "it has a header and no rows", "check that it is the file you meant"
        if unused:
            why = "; ".join(f"line {row.line}: {row.why}" for row in unused[:3])
            why += f"; and {len(unused) - 3} more" if len(unused) > 3 else ""
            fix = unused[0].fix
        elif passed:
            why = "its rows are: " + ", ".join(f"{number} {what}" for what, number in passed.items())
            if passed[ANOTHER_PATIENT]:
                fix = f"check whose rows to take, as {self.rows.label('patient')} has it"
        return CannotRead(
            what=f"No row of {self.file.name} could be used. Nothing was saved.",
            where=str(self.file),
            why=why,
            fix=fix,
        )

    def _visit_or_what(self, row: Row) -> Visit | str:
        """Return a visit, or what the row is instead."""
        cells = self.rows.cells(row)
        if isinstance(cells, str):
            return cells
        if not self._is_ours(cells, row.line):
            return ANOTHER_PATIENT
        meaning = self._happened(cells)
        return NO_VISIT_YET if meaning is None else self._visit(cells, meaning)

    def _is_ours(self, cells: list[str], line: int) -> bool:
        if "patient" not in self.rows.places:
            return True
        whose = self.rows.cell(cells, "patient")
        if not whose:
            raise Unusable(f"no patient in {self.rows.label('patient')}", "fill the cell in the export")
        if self.patient is None:
            self.patient = whose
        if _UNSEEN_IN_ONE_LINE.search(whose):
            raise Unusable(
                f"a control character in {self.rows.label('patient')}", "remove it from the export"
            )
        if whose != self.patient and _loosely(whose) == _loosely(self.patient):
            raise Unusable(
                f"{self.rows.label('patient')} may be this patient: only blanks, zeros or the width of letters differ",
                "write it in the export as in the other rows, or leave the row out",
            )
        if whose != self.patient and not self.asked:
            raise CannotRead(
                what=f"{self.file.name} has rows of more than one patient.",
                where=f"{self.file}, line {line}",
                why=f"{self.rows.label('patient')} is not the same in all rows, and a course is one patient's",
                fix=f"--patient with a value from column {self.rows.label('patient')}",
            )
        return whose == self.patient

    def _happened(self, cells: list[str]) -> Meaning | None:
        word, label = self.rows.cell(cells, "status"), self.rows.label("status")
        if not word:
            raise Unusable(f"no status in {label}", "say what happened; nothing is assumed given")
        if folded(word) in self.statuses:
            return self.statuses[folded(word)]
        if letters(word) in self.own:
            return self.own[letters(word)]
        raise Unusable(
            f"an unknown status in {label}",
            "add the word to [status] of the column map"
            if self.rows.mapped
            else did_you_mean(word, VisitStatus)
            or f"write one of {', '.join(VisitStatus)}, or give a column map with [status]",
        )

    def _visit(self, cells: list[str], meaning: Meaning) -> Visit:
        day, at = self._when(cells)
        by, counts = self._by(cells), self._flag(cells, "counts")
        for thing, own, word in (("by", by, meaning.by), ("counts", counts, meaning.counts)):
            if own not in ("", None) and word not in ("", None) and own != word:
                raise Unusable(
                    f"{self.rows.label(thing)} contradicts the status in {self.rows.label('status')}",
                    "correct one of the two",
                )
        try:
            return Visit(
                day,
                meaning.status,
                at=at,
                by=by or meaning.by,
                counts=meaning.counts if counts is None else counts,
                session=self._text(cells, "session") or None,
                elsewhere=bool(self._flag(cells, "elsewhere")),
                worse=bool(self._flag(cells, "worse")),
                route=self._text(cells, "route"),
                note=self._text(cells, "note"),
                id=self._text(cells, "id"),
                corrects=self._text(cells, "corrects"),
                who=self._text(cells, "who"),
            )
        except KetschedError as error:  # without its "what", which may repeat a cell
            raise Unusable(error.why, error.fix) from None

    # What stands in a cell.

    def _when(self, cells: list[str]) -> tuple[date, time | None]:
        """Read the day, and the time from its own column or from beside the date."""
        label = self.rows.label("day")
        moments = self._by_formats("day", self.rows.map.days, cells)
        if len(moments) > 1:
            raise Unusable(
                f"{label} is {len(moments)} different days by the formats given",
                "list only the format that the export has in [format] date",
            )
        if not moments:
            raise Unusable(
                f"no date in {label}"
                if not self.rows.cell(cells, "day")
                else f"{label} is not a date as expected",
                "say in [format] date of the column map how dates are written"
                if self.rows.mapped
                else "write it as 2027-01-04, or give a column map with [format] date",
            )
        moment = moments.pop()
        elsewhere = bool(self._flag(cells, "elsewhere"))
        day, at, sure = self._local(moment, elsewhere=elsewhere)
        self._check_weekday(cells, {moment.date(), day})
        if not FIRST_DAY <= day <= LAST_DAY:
            raise Unusable(
                f"{label} is not a day to plan on: days lie between {FIRST_DAY} and {LAST_DAY}",
                "check the year",
            )
        clock = self._clock(cells)
        if clock is not None and at not in (None, clock):
            raise Unusable(
                f"{label} and {self.rows.label('time')} give different times",
                "leave time out of the column map, or correct one of the two",
            )
        at = at or clock
        here = self.zone is not None and not elsewhere  # elsewhere other clocks may have shown that time
        if here and at is not None and not sure and len(choices(day, at, str(self.zone))) != 1:
            raise Unusable(
                f"a time in {self.rows.label('time' if clock else 'day')} that the clocks of {self.zone} skip"
                " or show twice that day",
                "correct it, or leave it blank",
            )
        return day, at

    def _by_formats(self, thing: str, read: Callable[[str], set[T]], cells: list[str]) -> set[T]:
        """Return all that a cell can be; say why one that is written as expected cannot be read."""
        try:
            return read(self.rows.cell(cells, thing))
        except Contradiction as fault:
            raise Unusable(f"{self.rows.label(thing)} {fault.why}", fault.fix) from None

    def _check_weekday(self, cells: list[str], days: set[date]) -> None:
        """Refuse a row whose column of weekdays says another than that of its date."""
        word = self.rows.cell(cells, "weekday")
        if word and not weekdays_meant(word) & {day.weekday() for day in days}:
            raise Unusable(
                f"{self.rows.label('weekday')} is not the weekday of the date in {self.rows.label('day')}",
                "correct the one of the two that is wrong",
            )

    def _local(self, given: datetime, *, elsewhere: bool) -> tuple[date, time | None, bool]:
        """
        Return the local day and time, and whether they come from a moment; midnight beside a date is no time.

        The clock of another place is the one that was written, unless that is in UTC.
        """
        midnight = given.time() == time(0)
        if elsewhere and given.utcoffset():
            return given.date(), given.time(), True
        if (
            given.tzinfo is None or not FIRST_DAY <= given.date() <= LAST_DAY
        ):  # no zone is needed to refuse it
            return given.date(), None if midnight else given.time(), False
        label = self.rows.label("day")
        if self.zone is None:
            raise Unusable(
                f"{label} is a moment with an offset from UTC, and nobody has said in which zone the clinic is",
                "give the clinic's zone, or export dates as the clinic's calendar has them",
            )
        there = given.astimezone(zone_named(self.zone))
        if midnight and there.time() != time(0):
            raise Unusable(
                f"{label} is midnight in a zone that is not the clinic's: a moment, or a date without a time",
                "export dates without a time, or as the clinic's calendar has them",
            )
        return there.date(), None if there.time() == time(0) else there.time(), True

    def _clock(self, cells: list[str]) -> time | None:
        text = self.rows.cell(cells, "time")
        if not text:
            return None
        clocks = self._by_formats("time", self.rows.map.clocks, cells)
        if len(clocks) != 1:
            raise Unusable(
                f"{self.rows.label('time')} is {len(clocks)} different times by the formats given"
                if clocks
                else f"{self.rows.label('time')} is not a time as expected",
                "say in [format] time of the column map how times are written"
                if self.rows.mapped
                else "write it as 09:30, or give a column map with [format] time",
            )
        return clocks.pop()

    def _flag(self, cells: list[str], thing: str) -> bool | None:
        word = folded(self.rows.cell(cells, thing))
        if not word or word in self.yes or word in self.no:
            return word in self.yes if word else None
        raise Unusable(
            f"{self.rows.label(thing)} says neither yes nor no",
            "add the word to [yes] or [no] of the column map"
            if self.rows.mapped
            else "write yes or no, or leave it blank",
        )

    def _by(self, cells: list[str]) -> str:
        word = folded(self.rows.cell(cells, "by"))
        words = self.by or {who: who for who in CANCELLED_BY}
        if word and word not in words:
            raise Unusable(
                f"{self.rows.label('by')} does not say who cancelled",
                "add the word to [by] of the column map" if self.rows.mapped else "write patient or clinic",
            )
        return words[word] if word else ""

    def _text(self, cells: list[str], thing: str) -> str:
        text = self.rows.cell(cells, thing)
        if thing == "note":
            text = re.sub(
                r"\r\n?|\v", "\n", text
            )  # some programs break lines within a cell by a vertical tabulator
        if (_UNSEEN if thing == "note" else _UNSEEN_IN_ONE_LINE).search(text):
            raise Unusable(f"a control character in {self.rows.label(thing)}", "remove it from the export")
        if thing in ("session", "id", "corrects") and len(text) > LONGEST_ID:
            raise Unusable(
                f"{self.rows.label(thing)} is longer than {LONGEST_ID} characters",
                "an id is a short name; check the column",
            )
        return text
