"""Files that somebody wants written, read from what they typed: which, for whom, and how much."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import attrs

from ketsched.checking import Finding, check
from ketsched.errors import InvalidInput, refuse_first
from ketsched.interchange import FORMATS, dumps
from ketsched.interchange.coursefile import CourseFile
from ketsched.interchange.folder import real_path
from ketsched.languages import LANGUAGES
from ketsched.model import Course
from ketsched.nearness import did_you_mean, meant_of
from ketsched.words.wording import Publication


@attrs.frozen
class Output:
    """
    One file to write, and for whom.

    Attributes:
        path: The file.
        audience: Of a calendar, as `write` takes it.
        privacy: Likewise.
        language: Likewise; empty: what the course says its patient reads in.
        events: Likewise.
        changes_only: Whether it gets only what the command changes.
    """

    path: Path
    audience: str = "patient"
    privacy: str = "discreet"
    language: str = ""
    events: str = "all"
    changes_only: bool = False

    def __str__(self) -> str:
        whom = [self.audience, self.privacy, *filter(None, [self.language])]
        more = ["appointments only"] * (self.events != "all") + ["changes only"] * self.changes_only
        return f"{self.path} ({'the course' if self.holds_course else ', '.join(whom + more)})"

    @property
    def holds_course(self) -> bool:
        """Whether it is the course document, from which the course goes on."""
        return self.path.suffix.lower() == ".json"

    def content(
        self, course: Course, findings: Sequence[Finding], *, beside: Path | None, today: date | None = None
    ) -> tuple[Path, bytes]:
        """
        Return the file and what is to stand in it.

        Args:
            course: What it is made from.
            findings: What the rules remark on it.
            beside: A file of the clinic or the course: the folder for pages is beside it; None: there is none.
            today: By which a page says what is next; None: the last revision's.
        """
        whom: dict[str, Any] = {"audience": self.audience, "privacy": self.privacy, "events": self.events}
        whom |= {"language": self.language, "changes_only": self.changes_only}
        if self.path.suffix.lower() == ".html":
            pages = course.contact.pages
            whom |= {"as_of": today, "templates": beside.parent / pages if beside and pages else None}
        return self.path, dumps(course, self.path.name, **whom, findings=findings)


_WORDS: dict[str, tuple[str, ...]] = {
    "audience": ("patient", "clinic"),
    "privacy": ("discreet", "named", "full"),
    "language": tuple(LANGUAGES),
    "events": ("appointments",),
    "changes_only": ("changes",),
}
"""What can stand behind a file's name, by what it decides."""


def output_of(text: str) -> Output:
    """Read "-o patient.ics" or "-o clinic.ics:clinic,full": the file, for whom, how much of it, in which language."""
    found = re.fullmatch(r"(.*\.\w+):([\w ,-]*)", text, re.DOTALL)  # C:\\clinic.ics has a colon of its own
    if found is None:
        return Output(Path(text))
    words = [word.strip().lower() for word in found[2].split(",")]
    chosen = {name: [word for word in words if word in known] for name, known in _WORDS.items()}
    if sum(map(len, chosen.values())) < len(words) or max(map(len, chosen.values())) > 1:
        every = [word for known in _WORDS.values() for word in known]
        raise InvalidInput(
            what=f"{found[2][:40]!r} does not say for whom a file is",
            where=f"-o {text[:80]}",
            why="the audience is patient or clinic; the privacy is discreet, named or full; the language is "
            f"{', '.join(LANGUAGES)}; appointments leaves reminders out, changes what has not changed",
            fix=meant_of(words, every) or f"write for example -o {found[1][:80]}:clinic,full",
        )
    given: dict[str, Any] = {name: of[0] for name, of in chosen.items() if of}
    return Output(Path(found[1]), **given | {"changes_only": bool(chosen["changes_only"])})


def outputs_of(texts: Iterable[str], *, changing: Path | None = None) -> list[Output]:
    """
    Read all that -o was given: each file once, and no course file in place of another.

    Args:
        texts: As they were typed.
        changing: The course file that the command changes in place; -o then gives no course file at all.
    """
    outputs = [output_of(text) for text in texts]
    seen: set[Path] = set()
    for output in outputs:
        name, path = output.path.name, real_path(output.path)
        in_its_place = changing is not None and (output.holds_course or path == real_path(changing))
        faults = (
            (
                not name.lower().endswith(tuple(FORMATS)),
                "output",
                f"{name[:60]!r} has no suffix of a known format",
                f"the suffix says the format: {', '.join(FORMATS)}",
                did_you_mean(output.path.suffix, FORMATS)
                or "end the name with one of these, as in course.json or patient.ics:patient,named",
            ),
            (
                output.holds_course and output != Output(output.path),
                "output",
                f"{name} cannot be for somebody or more or less private",
                "a course file holds the whole course, for the clinic's own use",
                "leave the words after the file name out, or write a .ics file",
            ),
            (
                output.changes_only and changing is None,
                "output",
                f"{name} would have only what changes",
                "a first plan changes nothing: all of it is new",
                "leave changes out",
            ),
            (
                in_its_place,
                "output",
                f"-o {name} would make a second course file.",
                f"-o writes calendars here; the course file {changing and changing.name} is saved in place",
                "write calendars (.ics) with -o, or copy the course file by hand",
            ),
            (
                path in seen,
                "output",
                f"{name} is named twice.",
                "one file is for one reader",
                "one file for each reader, as in -o patient.ics -o clinic.ics:clinic,full",
            ),
            (
                output.holds_course and output.path.exists(),
                "output",
                f"{name} exists; planning over it would lose its history.",
                "a course file keeps its revisions, and calendars would show everything twice",
                "another name, or ketsched replan",
            ),
        )
        refuse_first(InvalidInput, f"-o {str(output.path)[:200]}", faults)
        seen.add(path)
    return outputs


def calendars_of(texts: Iterable[str], changing: Path, *, changes_only: bool) -> list[Output]:
    """Read all that -o was given beside a course file; --changes-only is for the one calendar that there is."""
    outputs = outputs_of(texts, changing=changing)
    if not changes_only:
        return outputs
    if len(outputs) != 1:
        raise InvalidInput(
            what="--changes-only needs one calendar." if outputs else "--changes-only needs a calendar.",
            where="--changes-only",
            why="it is for one calendar, the one that is sent now; the others hold all that is booked",
            fix="write -o changes.ics:changes for that one, or add -o changes.ics"
            if not outputs
            else f"leave it out, and write it to the one that is meant: -o {outputs[0].path.name}:changes",
        )
    return [attrs.evolve(outputs[0], changes_only=True)]


def write_changed(
    held: CourseFile,
    course: Course,
    outputs: Iterable[Output],
    findings: Sequence[Finding] | None = None,
    *,
    today: date | None = None,
) -> list[str]:
    """
    Write a changed course and its calendars together, and return a line about each file.

    Args:
        held: The course file as it was read.
        course: What it became.
        outputs: Calendars to write as well.
        findings: For the clinic's calendar at full; None: found here, without a clinic's calendar.
        today: The clinic's date, for pages; None: that of the last revision.
    """
    changed = course != held.course
    left_out = [out for out in outputs if not _says_something(course, out, changed=changed)]
    written = [out for out in outputs if out not in left_out]
    if findings is None:
        findings = check(course) if written else ()
    remarks = held.write(
        dumps(course, "json") if changed else None,
        [out.content(course, findings, beside=held.path, today=today) for out in written],
    )
    named = [f"{held.path} (revision {len(course.revisions)})"] if changed else []
    lines = [saved([*named, *map(str, written)])] if changed or written else []
    return [*lines, *remarks, *(f"{output} was not written: no event changed." for output in left_out)]


def saved(names: Iterable[str]) -> str:
    """Say which files were written, and for whom."""
    return f"Saved: {', '.join(names)}."


def _says_something(course: Course, output: Output, *, changed: bool) -> bool:
    """Whether a file has anything in it: one of changes has an event, and of text messages there is one."""
    told = Publication(
        audience=output.audience, privacy=output.privacy, events=output.events, language=output.language
    )
    if output.path.suffix.lower() == ".txt" and output.audience == "patient":
        from ketsched.interchange.messages import messages

        return changed and bool(messages(course, told))
    if not output.changes_only:
        return True
    from ketsched.interchange.ical import changes_events

    return changed and changes_events(course, told)
