"""`ketsched init` and `ketsched new`: the first files, asked for or to fill in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ketsched.cli import inputs, printable
from ketsched.cli.options import OUTPUT, command, option, under
from ketsched.errors import InvalidInput, KetschedError
from ketsched.files import write_several, write_whole
from ketsched.firstfiles import OF_CASE, OF_CLINIC, Question, case_file, clinic_file, questions
from ketsched.protocols import template
from ketsched.zones import clinic_zone


@command()
@click.argument("what", metavar="protocol|clinic|case", type=click.Choice(["protocol", "clinic", "case"]))
@click.argument("name", metavar="[ID]", required=False)
@under(OUTPUT, option("-o --output", "FILE", "Where to, if not ID.toml, clinic.toml or case.toml"))
def new_command(what: str, name: str | None, output: str | None) -> None:
    """
    Write a commented file to fill in; a protocol has an id.

    \b
    ketsched new clinic
    ketsched new case -o anna.toml
    ketsched new protocol riverside-2xw
    """
    if (name is None) is (what == "protocol"):
        raise InvalidInput(
            what="the protocol has no id" if name is None else f"a {what} file takes no id",
            where="ID",
            why="a protocol is called by its id, other files by their names",
            fix="write ketsched new protocol riverside-2xw" if name is None else "name the file with -o",
        )
    path = Path(output or f"{name or what}.toml")
    if name is not None:
        text, then = inputs.located("ID", template, name), f"ketsched protocols {path}"
    elif what == "clinic":
        text, then = clinic_file(), f"ketsched plan --clinic {path} --protocol ID --start DATE"
    else:
        text, then = case_file(), f"ketsched plan {path}"
    _check_absent(path, f"-o {path}" if output else str(path))
    write_whole(path, text.encode())
    click.echo(f"wrote {path}; edit it, then: {then}")


@command()
@click.argument("folder", metavar="[FOLDER]", default=".", type=click.Path())
def init_command(folder: str) -> None:
    """
    Ask what a first course needs, and write the files.

    One question at a time; Enter takes what is shown in brackets. It writes a clinic
    file and a case file, and says how to plan with them. Nothing is written before
    the last answer.

    \b
    ketsched init
    ketsched init courses
    """
    clinic, case = Path(folder, "clinic.toml"), Path(folder, "case.toml")
    for path in (clinic, case):
        _check_absent(path, str(path))
    answers: dict[str, str] = {}
    course = f"c-{os.urandom(4).hex()}"
    for question in questions(answers, zone=_zone_here(), course=course, today=inputs.clock().date()):
        answers[question.name] = _asked(question)
    of_clinic, of_case = ({name: answers[name] for name in names} for names in (OF_CLINIC, OF_CASE))
    write_several([(clinic, clinic_file(**of_clinic).encode()), (case, case_file(**of_case).encode())])
    click.echo(
        f"\nwrote {clinic} and {case}\nNow plan: ketsched plan {case} -o {Path(folder, 'course.json')}"
    )


def _asked(question: Question) -> str:
    """Ask until the answer can be used; what is wrong is said, and the question comes again."""
    while True:
        click.echo(f"{question.asks} [{question.default}]: ", nl=False)
        line = sys.stdin.readline()
        if not line:
            click.echo()
            raise InvalidInput(
                what="the answers end before the last question",
                where="init",
                why="each question needs an answer; nothing was written",
                fix="give the command again; Enter takes what is shown in brackets",
            )
        answer = line.strip() or question.default
        try:
            question.read(answer)
        except KetschedError as error:
            click.echo(printable(f"  {error.what.rstrip('.')}: {error.why}\n  {error.fix}"))
        else:
            return answer


def _zone_here() -> str:
    """Return the time zone of this machine, if it is a place; else New York's."""
    for text in (os.environ.get("TZ", ""), os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]):
        try:
            return clinic_zone(text)
        except KetschedError:
            continue
    return "America/New_York"


def _check_absent(path: Path, where: str) -> None:
    if path.exists():
        raise InvalidInput(
            what=f"{path.name} exists.",
            where=where,
            why="your own file would be lost",
            fix="another name with -o, or another folder",
        )
