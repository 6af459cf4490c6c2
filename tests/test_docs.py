"""
The documentation: every example in it runs and shows what it really gives.

A page is run from top to bottom in a folder of its own:

- a block with a file name (```toml title="clinic.toml"```) is written into that folder;
- in a ```console``` block, lines that begin with "$ " are run, and what is shown under them must
  be what they print ("..." stands for anything; a command that shows nothing must succeed);
- ```pycon``` and ```python``` blocks are run; ```text title="prints"``` is what the Python block
  before it printed.

Pages of the reference may speak of a `course` without making one. Other blocks are only read.
`pytest --update-golden` writes anew what commands show, the page of the rules and the published
schemas; a person reads the difference.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import attrs
import pytest
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.markdown import CodeBlockParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

import ketsched
from ketsched.checking import RULES, Rule
from ketsched.cli import main
from ketsched.clock import WEEKDAY_NAMES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
RULE_PAGES = DOCS / "reference" / "rules.md"
SCHEMAS = DOCS / "reference" / "schemas"


@attrs.frozen
class Rewritten:
    """What a block shows now, in place of the lines of a page from one to another."""

    first: int
    last: int
    lines: list[str]


class Page:
    """Runs one page; remembers what the last command or Python block gave."""

    def __init__(self, folder: Path, *, update: bool) -> None:
        self.folder, self.update = folder, update
        self.printed, self.exit_code = "", 0
        self.rewritten: list[Rewritten] = []

    def run(self, path: Path, **known: object) -> None:
        document = Sybil(
            parsers=[
                self.files,
                CodeBlockParser("console", self.console),
                CodeBlockParser("python", self.python),
                self.pycon,
            ]
        ).parse(path)
        document.namespace.update(known)
        for example in document.examples():
            example.evaluate()
        if self.rewritten:
            lines = document.text.splitlines()
            for new in reversed(self.rewritten):
                lines[new.first : new.last] = new.lines
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def files(self, document: Document) -> Iterable[Region]:
        """Yield the blocks with a title: files of the folder, and what Python prints."""
        for region in FencedCodeBlockLexer(r'[a-z]+ title="[^"]+"')(document):
            region.parsed = region.lexemes["source"]
            region.evaluator = self.file
            yield region

    def file(self, example: Example) -> str | None:
        title = re.search('title="(.+)"', example.region.lexemes["language"])[1]
        if title != "prints":
            (self.folder / title).write_text(example.parsed, encoding="utf-8")
            return None
        return self.compare(example.line + 1, str(example.parsed).splitlines(), "the block above")

    def console(self, example: Example) -> str | None:
        lines, at = str(example.parsed).splitlines(), 0
        faults = []
        while at < len(lines):
            assert lines[at].startswith("$ "), f"{example.path}:{example.line}: a block begins with a command"
            command = lines[at][2:]
            while command.endswith("\\"):
                at += 1
                command = command[:-1] + lines[at]
            shown = at + 1
            at = next((n for n in range(shown, len(lines)) if lines[n].startswith("$ ")), len(lines))
            self.command(command)
            if shown < at:
                faults.append(self.compare(example.line + 1 + shown, lines[shown:at], command))
            elif self.exit_code > 1:
                faults.append(f"$ {command}\nended with {self.exit_code}:\n{self.printed}")
        return "\n\n".join(filter(None, faults)) or None

    def command(self, command: str) -> None:
        """Run our own command in this process, any other in a shell."""
        if command == "echo $?":
            self.printed = str(self.exit_code)
            return
        words = shlex.split(command)
        settings = dict(word.split("=", 1) for word in words if re.match("[A-Z_]+=", word))
        if words[len(settings)] != "ketsched":
            done = subprocess.run(
                ["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            self.printed, self.exit_code = done.stdout, done.returncode
            return
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
            patch.setattr(sys, "argv", words[len(settings) :])
            for name, value in settings.items():
                patch.setenv(name, value)
            with contextlib.redirect_stderr(out):
                try:
                    main()
                    self.exit_code = 0
                except SystemExit as done:
                    self.exit_code = int(done.code or 0)
        self.printed = out.buffer.getvalue().decode()

    def python(self, example: Example) -> str | None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            fault = PythonEvaluator()(example)
        self.printed = out.getvalue()
        return fault

    def pycon(self, document: Document) -> Iterator[Region]:
        parse = DocTestStringParser(DocTestEvaluator(doctest.ELLIPSIS))
        for region in CodeBlockParser("pycon", self.python)(document):
            for part in parse(region.parsed, document.path):
                part.adjust(region, region.parsed)
                yield part

    def compare(self, first: int, shown: list[str], command: str) -> str | None:
        """Compare what a page shows with what was printed, blanks at the ends of lines left aside."""
        printed = [line.rstrip() for line in self.printed.rstrip().splitlines()]
        pattern = ".*".join(re.escape(part) for part in "\n".join(shown).split("..."))
        if re.fullmatch(pattern, "\n".join(printed), re.DOTALL):
            return None
        if self.update:
            self.rewritten.append(Rewritten(first - 1, first - 1 + len(shown), printed))
            return None
        return (
            f"$ {command}\nis shown with\n\n" + "\n".join(shown) + "\n\nand prints\n\n" + "\n".join(printed)
        )


@pytest.fixture
def page(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Page(tmp_path, update=request.config.getoption("--update-golden"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_run(page, path, reference_course):
    known = {"course": reference_course} if path.parent.name == "reference" else {}
    page.run(path, **known)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(path):
    text = re.sub(r"^( *)```.*?^\1```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not re.match("https?:", target):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_rule_pages_say_what_the_rules_say(request):
    """They are the docstrings of the rules; `pytest --update-golden` writes them anew."""
    made = "\n".join(rule_pages())
    if request.config.getoption("--update-golden"):
        RULE_PAGES.write_text(made, encoding="utf-8")
    assert RULE_PAGES.read_text(encoding="utf-8") == made


FAMILIES = {
    "KS1": ("Spacing", "How far sessions are from each other."),
    "KS2": ("Series and phases", "How many sessions, over how many weeks, on which days of the pattern."),
    "KS3": ("Seating", "Opening hours, chairs and the session itself."),
    "KS4": (
        "Around the sessions",
        "Appointments and tasks, the day of a session, oversight, holds and authorisations.",
    ),
    "KS5": ("History", "What happened, what was never recorded, and what it means for the rest."),
    "KS6": ("The file itself", "What was not checked, and waivers that do nothing."),
}


def rule_pages() -> Iterator[str]:
    yield "# Rules\n"
    yield "All that `ketsched check` looks for. `ketsched explain KS101` shows the same page in the terminal."
    yield "A code is never given to another rule. The severity is that of the rule; a rule that reads a number of the"
    yield "protocol takes the number's own: a required one makes an error, a preferred one a warning.\n"
    yield "This page is made from the source; a test keeps it current.\n"
    yield "| code | rule | severity |\n| --- | --- | --- |"
    for rule in RULES:
        yield f"| [{rule.code}](#{rule.code.lower()}) | {rule.name} | {rule.severity} |"
    yield ""
    for family, (title, about) in FAMILIES.items():
        yield f"## {family}: {title}\n\n{about}\n"
        for rule in RULES:
            if rule.code.startswith(family):
                yield from rule_page(rule)


def rule_page(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code} {rule.name} {{ #{rule.code.lower()} }}\n"
    for paragraph in rule.page.split("\n\n"):
        yield re.sub(r"^(Why it matters|Example|Instead|References):", r"**\1:**", paragraph) + "\n"
    needs = {"calendar": "the clinic's calendar", "times": "times of day", "as_of": "today's date"}
    looked = f" Needs {' and '.join(needs[name] for name in rule.needs)}." if rule.needs else ""
    yield f"*Severity: {rule.severity}. Source: {rule.source}.{looked}*\n"


def test_every_rule_has_a_family_and_every_public_name_a_place():
    assert {rule.code[:3] for rule in RULES} == set(FAMILIES)
    api = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert [name for name in ketsched.__all__ if f"::: ketsched.{name}\n" not in api] == []


@pytest.mark.parametrize("source", ["interchange/course.schema.json", "protocols/protocol.schema.json"])
def test_a_published_schema_is_the_one_that_is_used(source, request):
    used, published = ROOT / "src" / "ketsched" / source, SCHEMAS / Path(source).name
    if request.config.getoption("--update-golden"):
        published.write_bytes(used.read_bytes())
    assert published.read_bytes() == used.read_bytes()
    assert any(f"schemas/{published.name})" in page.read_text(encoding="utf-8") for page in PAGES)


def test_the_navigation_names_every_page_once():
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert sorted(re.findall(r"(\S+\.md)$", nav, re.M)) == sorted(pages)


def test_the_table_of_spans_adds_up():
    """Each row of docs/explanation/definitions.md, counted anew."""
    text = (DOCS / "explanation" / "definitions.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([A-Z][^|]+?) from a (\w+) \| (\d+) \| ([\d, ]+) \| (\d+) \| (\d+) \|$", text, re.M
    )
    assert len(rows) >= 8
    for names, start, number, days, span, weeks in rows:
        first = date(2027, 1, 4) + timedelta([name[:3] for name in WEEKDAY_NAMES].index(start[:3]))
        counted = [first + timedelta(int(day) - 1) for day in days.split(", ")]
        pattern = [name.strip()[:3] for name in names.split(",")]
        every = (first + timedelta(n) for n in range(60))
        assert counted == [day for day in every if WEEKDAY_NAMES[day.weekday()] in pattern][: int(number)]
        inclusive = (counted[-1] - counted[0]).days + 1
        assert (int(span), int(weeks)) == (inclusive, -(-inclusive // 7))


def test_the_case_file_page_names_every_key():
    source = (ROOT / "src" / "ketsched" / "casefile.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'(?:take|tables?)\(\s*"(\w+)"', source))
    keys |= set(re.findall(r'\("(\w+)", (?:int|list|str),', source))
    text = (DOCS / "how-to" / "case-file.md").read_text(encoding="utf-8")
    assert {"protocol", "sessions", "cannot", "rather", "before"} <= keys
    assert {key for key in keys if not re.search(rf"`\[*{key}\]*`", text)} == set()


OF_ONE_MACHINE = re.compile(
    r"/work/|/home/|\.\./shared|\b(?:DESIGN|EVIDENCE|STYLE|CALENDARS|INTEROP)\.md|[Aa]rticle 00"
)
"""Folders and notes that a reader of the documentation does not have."""


def test_nothing_in_the_documentation_is_of_one_machine():
    for path in PAGES:
        assert not OF_ONE_MACHINE.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    "text",
    [
        *(
            "in /wor" + "k/main",  # in two parts: no file of ours may hold them
            "in /hom" + "e/me",
            "see ../shar" + "ed/x",
            "see DESIGN.md",
            "see `EVIDENCE.md`",
            "(STYLE.md)",
        ),
        *("see CALENDARS.md", "see INTEROP.md", "article 001 says", "Article 000"),
    ],
)
def test_a_page_of_one_machine_would_be_found(text):
    assert OF_ONE_MACHINE.search(f"As it says {text}, so it is.")


@pytest.mark.parametrize("text", ["course.md", "Article 1", "article 5", "shared calendars", "the homework"])
def test_a_page_for_everybody_is_let_through(text):
    assert not OF_ONE_MACHINE.search(f"As it says in {text}, so it is.")
