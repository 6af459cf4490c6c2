"""
The clinic's files that a course was planned with: bare names, so that a course file leads nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from ketsched.errors import Fault, InvalidInput, refuse_first
from ketsched.files import is_bare

OWN_FOLDER = "."
"""The folder that the course file itself is in."""


@attrs.frozen(kw_only=True)
class ClinicFiles:
    """
    The clinic's files that a course was planned with; they are looked for only beside the course file.

    Attributes:
        clinic: Name of the clinic file; empty: none is known.
        staff: Those whose hours appointments need, by the name that the protocol gives them, each with the
            name of the file that says them; an empty one: it is needed, and no file is known.
        courses: Name of the folder of the other courses, "." if it is the course file's own; empty: none.
    """

    clinic: str = ""
    staff: tuple[tuple[str, str], ...] = ()
    courses: str = ""

    def __attrs_post_init__(self) -> None:
        refuse_first(InvalidInput, "files", self._faults())

    def _faults(self) -> Iterator[Fault]:
        files = [("clinic", self.clinic), *(("staff", file) for _, file in self.staff)]
        if self.courses != OWN_FOLDER:
            files.append(("courses", self.courses))
        for name, file in files:
            yield (
                bool(file) and not is_bare(file),
                name,
                "a path, where the name of a file belongs",
                "files of the clinic are looked for only beside the course file",
                "write the name alone, as in clinic.toml, and keep the file beside the course file",
            )
        names = [name for name, _ in self.staff]
        yield (
            len(set(names)) != len(names) or not all(names),
            "staff",
            "somebody named twice, or not at all",
            "each of those whose hours are needed has one name, and one file",
            "give each once",
        )

    def given(self, names: Collection[str]) -> ClinicFiles:
        """
        Return the same with whose hours were given besides.

        Raises:
            InvalidInput: Hours that are needed were not given.
        """
        known = [name for name, _ in self.staff]
        missing = next((name for name in known if name not in names), None)
        if missing is not None:
            raise InvalidInput(
                what=f"the calendar of {missing[:60]} is missing",
                where="calendars",
                why="the course was planned with it; without it the clinic's hours would decide instead",
                fix=f"give the hours of {missing[:60]} as well",
                argument="calendars",
            )
        return attrs.evolve(self, staff=(*self.staff, *((name, "") for name in names if name not in known)))

    def replaced(self, given: ClinicFiles) -> ClinicFiles:
        """Return the same with those that were given in place of what was known."""
        named = {name: file for name, file in given.staff if file}
        staff = {**dict(self.staff), **dict.fromkeys((name for name, _ in given.staff), ""), **named}
        return ClinicFiles(
            clinic=given.clinic or self.clinic,
            staff=tuple(staff.items()),
            courses=given.courses or self.courses,
        )
