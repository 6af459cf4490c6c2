"""
Rows of a file of visits, held beside what a course remembers: each is new, recorded already, or handed back.

The next export has the last one in it. A row that says what an entry says is that entry; a better note or time
becomes a correction of it; one that says something else is handed back with its line. What only the course can
tell to be wrong is handed back in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import attrs

from ketsched.errors import KetschedError
from ketsched.history import OUR_IDS, better_entry, evaluate, is_past, says_more, says_the_same
from ketsched.model import Course, Visit, VisitStatus
from ketsched.visitfile import UnusedRow, VisitFile

SHOWN = 8
"""Ids that a reason names (house default)."""


@attrs.frozen(kw_only=True)
class Compared:
    """
    The rows of a file beside what a course remembers.

    Attributes:
        new: To be recorded, in the order of the file; a better note or time as a correction.
        known: What says what is recorded already.
        unused: What cannot be used, in the order of the file.
    """

    new: tuple[Visit, ...]
    known: tuple[Visit, ...]
    unused: tuple[UnusedRow, ...]


def compare_rows(course: Course, found: VisitFile, *, as_of: date) -> Compared:
    """
    Hold the rows of a file beside what a course remembers.

    Args:
        course: The course.
        found: What the file holds.
        as_of: Today, the local date at the clinic.
    """
    return _Comparison(course, found, as_of).compared()


@attrs.frozen(eq=False)
class _Row:
    """One visit of the file, and its line."""

    line: int
    visit: Visit


@attrs.define(eq=False)
class _Chain:
    """An entry of the course with all that corrected it, the newest last; or a new row of the file."""

    entries: list[Visit]
    claimed: bool = False
    new: bool = False

    @property
    def newest(self) -> Visit:
        return self.entries[-1]

    @property
    def is_withdrawn(self) -> bool:
        return self.newest.status is VisitStatus.WITHDRAWN

    def is_open_for(self, visit: Visit) -> bool:
        """Whether a row may be this entry: no other is, and no export has another id for it."""
        ours = all(OUR_IDS.fullmatch(entry.id) or not entry.id for entry in self.entries)
        return not self.claimed and not self.new and (ours or not visit.id)

    def has(self, visit: Visit) -> bool:
        """Whether one of them says all that a visit says."""
        return any(says_the_same(entry, visit) and not says_more(entry, visit) for entry in self.entries)


def _apart(name: str) -> str:
    """Return an export's id; one of the form of those that are given here is kept with "export-" before it."""
    return f"export-{name}" if OUR_IDS.fullmatch(name.replace("export-", "")) else name


class _Comparison:
    """One file beside one course."""

    def __init__(self, course: Course, found: VisitFile, as_of: date) -> None:
        self.course, self.as_of = course, as_of
        self.sessions = {session.id for session in course.sessions}
        self.chains: list[_Chain] = []
        self.of_entry: dict[str, _Chain] = {}
        for entry in course.visits:
            self._remember(entry)
        self.rows = [_Row(line, visit) for line, visit in found.by_line()]
        if found.exported:
            ids = {row.visit.id for row in self.rows}
            self.rows = [attrs.evolve(row, visit=self._named_apart(row.visit, ids)) for row in self.rows]
        self.unused = {row.line: row for row in found.unused}
        self.new: dict[int, Visit] = {}
        self.known: dict[int, Visit] = {}

    def _remember(self, entry: Visit, *, new: bool = False) -> None:
        chain = self.of_entry.get(entry.corrects) if entry.corrects else None
        if chain is None:
            chain = _Chain([], new=new)
            self.chains.append(chain)
        chain.entries.append(entry)
        if entry.id:
            self.of_entry[entry.id] = chain

    def _named_apart(self, visit: Visit, ids: set[str]) -> Visit:
        """Return a visit of an export with ids of its own; what it corrects may be an entry by its id here."""
        here = visit.corrects not in ids and visit.corrects in self.of_entry
        corrects = visit.corrects if here else _apart(visit.corrects)
        return attrs.evolve(visit, id=_apart(visit.id), corrects=corrects)

    def compared(self) -> Compared:
        left = self.rows
        for step in (
            self._cannot_be,
            self._is_of_its_entry,
            self._says_the_same,
            self._says_more,
            self._is_new,
            self._corrects,
        ):
            left = [row for row in left if not step(row)]
        self._leave_out_what_is_refused()
        lines = [row.line for row in self.rows]
        return Compared(
            new=tuple(self.new[line] for line in lines if line in self.new),
            known=tuple(self.known[line] for line in lines if line in self.known),
            unused=tuple(self.unused[line] for line in sorted(self.unused)),
        )

    def _hand_back(self, row: _Row, why: str, fix: str) -> bool:
        self.unused[row.line] = UnusedRow(row.line, why, fix)
        return True

    def _record(self, row: _Row, visit: Visit) -> bool:
        self.new[row.line] = visit
        self._remember(visit, new=True)
        return True

    def _is_known(self, row: _Row, chain: _Chain) -> bool:
        chain.claimed = True
        self.known[row.line] = row.visit
        return True

    # The steps: each says whether it is done with a row

    def _cannot_be(self, row: _Row) -> bool:
        visit = row.visit
        if not is_past(visit, self.as_of):
            why = f"its day is after today, {self.as_of}: only what was cancelled is known before its day"
            return self._hand_back(row, why, "leave it out until its day has come, or correct its date")
        if visit.session is not None and visit.session not in self.sessions:
            return self._hand_back(
                row,
                "the course has no such session as it names",
                f"sessions are {_listed(s.id for s in self.course.sessions)}; or leave session out",
            )
        return False

    def _is_of_its_entry(self, row: _Row) -> bool:
        """One whose id is that of an entry."""
        visit = row.visit
        chain = self.of_entry.get(visit.id) if visit.id else None
        if chain is None or chain.new:
            return False
        chain.claimed = True
        if chain.has(visit):
            return self._is_known(row, chain)
        if chain.is_withdrawn:
            why = f"it was recorded as {visit.id}, and {chain.newest.id} has taken that back"
            return self._hand_back(row, why, "record it by hand if it is right, or leave the row out")
        if says_the_same(chain.newest, visit):
            return self._record(row, better_entry(chain.newest, visit))
        return self._says_otherwise(row, chain)

    def _says_the_same(self, row: _Row) -> bool:
        for chain in self.chains:
            if chain.is_open_for(row.visit) and chain.has(row.visit):
                return self._is_known(row, chain)
        return False

    def _says_more(self, row: _Row) -> bool:
        visit = row.visit
        for chain in self.chains:
            entry = chain.newest
            sure = entry.id and (visit.at is None or entry.at in (None, visit.at))
            if sure and chain.is_open_for(visit) and says_the_same(entry, visit):
                chain.claimed = True
                return self._record(row, better_entry(entry, visit))
        return False

    def _is_new(self, row: _Row) -> bool:
        if row.visit.corrects:
            return False
        again = next((c for c in self.chains if not c.new and not row.visit.id and c.has(row.visit)), None)
        if again is not None:  # the file has it more than once
            return self._is_known(row, again)
        chain = self._contradicted(row.visit)
        return self._record(row, row.visit) if chain is None else self._says_otherwise(row, chain)

    def _contradicted(self, visit: Visit) -> _Chain | None:
        """Return the entry that a row without one of its own may be, and contradicts; None if it is another visit."""
        stands = [chain for chain in self.chains if not chain.is_withdrawn]
        if visit.session is not None:
            return next((chain for chain in stands if chain.newest.session == visit.session), None)
        of_day = [chain for chain in stands if not chain.new and chain.newest.day == visit.day]
        left = [chain for chain in of_day if chain.is_open_for(visit)]
        if left:
            return left[0]
        told_apart = visit.id or (visit.at and all(visit.at != chain.newest.at for chain in of_day))
        return None if told_apart else next(iter(of_day), None)

    def _says_otherwise(self, row: _Row, chain: _Chain) -> bool:
        entry = chain.newest
        if chain.new:
            return self._hand_back(
                row, "another row is of the same session", "leave session out of one of them"
            )
        at = f" at {entry.at:%H:%M}" if entry.at else ""
        in_file = "" if row.visit.id or not entry.id else f", or write {entry.id} into its corrects"
        by_hand = f"record it by hand with --corrects {entry.id}" if entry.id else "record it by hand"
        return self._hand_back(
            row,
            f"{entry.id or 'an entry'} says of {entry.day} already: {entry.status}{at}",
            f"if the row is right, {by_hand}{in_file}; if not, leave it out",
        )

    def _corrects(self, row: _Row) -> bool:
        visit = row.visit
        chain = self.of_entry.get(visit.corrects)
        if chain is None:
            known = _listed(entry.id for entry in self.course.visits[-SHOWN:] if entry.id)
            why = "it corrects an entry that is not there"
            return self._hand_back(row, why, f"entries are {known or 'none yet'}")
        if chain.has(visit):
            return self._is_known(row, chain)
        if chain.newest.id != visit.corrects:
            by = chain.newest.id or "another row"
            return self._hand_back(
                row, f"what it corrects was corrected by {by} already", f"correct {by} instead"
            )
        return self._record(row, visit)

    def _leave_out_what_is_refused(self) -> None:
        """Hand back what cannot be recorded with the rest for any other reason, row by row."""
        try:
            evaluate(self.course, self.new.values(), as_of=self.as_of)
        except KetschedError:
            taken: list[Visit] = []
            for row in self.rows:
                if row.line in self.new:
                    try:
                        evaluate(self.course, [*taken, self.new[row.line]], as_of=self.as_of)
                        taken.append(self.new[row.line])
                    except KetschedError as fault:
                        del self.new[row.line]
                        self._hand_back(row, fault.why, fault.fix)


def _listed(names: Iterable[str]) -> str:
    """Name the first few."""
    names = list(names)
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
