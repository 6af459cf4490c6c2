"""
The command line: one subcommand per verb. It prints, and decides nothing.

Exit codes: 0 clean, 1 findings (from warnings up, see --fail-on), 2 the input cannot be used.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from ketsched import __version__
from ketsched.errors import InvalidInput, KetschedError
from ketsched.nearness import close_to

_GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Plan and change": {
        "plan": ("planning", "Plan a course: protocol, first day, clinic."),
        "move": ("moving", "Move a session or appointment to another day or time."),
        "replan": ("replanning", "Plan the remaining dates again, with the fewest changes."),
        "appointments": ("moving", "Rebook reviews, calls and to-dos; sessions stay."),
        "cancel": ("moving", "Cancel a session, an appointment or a to-do."),
        "end": ("moving", "End a course and cancel what is left."),
        "undo": ("undoing", "Go back to the revision before."),
    },
    "Every day": {
        "today": ("mornings", "List what is due, overdue or not recorded, in all courses."),
        "record": ("recording", "Record a visit: given, missed, cancelled, stopped early."),
        "record decision": ("changing", "Record what a screening or review decided."),
        "record done": ("changing", "Record that a to-do or appointment is done."),
        "record ride": ("changing", "Record who takes the patient home."),
        "next": ("forecasting", "Say what comes next, and by when."),
        "history": ("revisions", "Show what was given and changed, or an earlier state."),
    },
    "Waiting": {
        "hold": ("changing", "Put sessions on hold."),
        "release": ("changing", "Release a hold."),
        "authorise": ("changing", "Record what a payer has approved."),
    },
    "Calendars": {
        "export": ("publishing", "Write calendar files from a course."),
        "publish": ("publishing", "Update a calendar on a CalDAV server."),
        "status": ("forecasting", "One page for the doctor."),
    },
    "Check, learn": {
        "check": ("checking", "Check a course, a calendar or dates against a protocol."),
        "why": ("whys", "Say which rule put something on a day, and its source."),
        "rules": ("checking", "List the rules."),
        "explain": ("checking", "Explain a rule."),
        "protocols": ("protocols", "List protocols; show one with its sources."),
        "new": ("starting", "Write a commented file to fill in: protocol, clinic, case."),
        "init": ("starting", "Ask what a first course needs, and write the files."),
    },
}
"""Each command under its heading: the module that has it, and what the list says of it."""
_COMMANDS = {name: entry for group in _GROUPS.values() for name, entry in group.items()}

_SPELLED = {"authorize": "authorise"}
"""Commands as others spell them."""
_OPTIONS = {
    "calendars": "staff",
    "exceed": "allow-late",
    "folder": "to",
    "join": "switch-after",
    "lost": "way",
    "policy": "way",
    "through": "plan-until",
}
"""Options that are called otherwise than the arguments of the library's verbs that they stand for."""


def option_called(name: str) -> str:
    """Return the option that stands for an argument of the library's verbs, or the command that does."""
    if name in _COMMANDS:
        return f"ketsched {name}"
    return f"--{_OPTIONS.get(name, name).replace('_', '-')}"


class _Commands(click.Group):
    """Subcommands that are imported when they are used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"ketsched.cli.{_COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name.replace(' ', '_')}_command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, _COMMANDS))
        for heading, group in _GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), line) for name, (_, line) in group.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command, without importing any."""
        one_word = ((name, line) for name, (_, line) in _COMMANDS.items() if " " not in name)
        found = [CompletionItem(name, help=line) for name, line in one_word if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        args = [_SPELLED.get(args[0], args[0]), *args[1:]]
        if (two := " ".join(args[:2])) in _COMMANDS:
            return two, self.get_command(ctx, two), args[2:]
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = close_to(args[0], _COMMANDS)
            if not near:
                raise
            raise click.UsageError(f"{error.format_message()} Did you mean {near!r}?", ctx) from None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 clean, 1 findings, 2 the input cannot be used. "
    "Shell completion: see the how-to guide, or run _KETSCHED_COMPLETE=bash_source ketsched.",
)
@click.version_option(__version__, prog_name="ketsched")
def commands() -> None:
    """
    Plan, track and check courses of ketamine treatment. It proposes dates; a clinician decides.
    """


def main() -> None:
    """Run the command line; errors in the input are printed and end with exit code 2."""
    codecs.register_error("ketsched", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="ketsched")
    try:
        sys.exit(commands(sys.argv[1:] or ["--help"], prog_name="ketsched", standalone_mode=False))
    except KetschedError as error:
        _complain(error)
        sys.exit(2)
    except click.ClickException as error:
        _complain(_in_our_voice(error))
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. No file was left half written.", err=True)
        sys.exit(130)
    except OSError as error:  # of a pipe whose reader has gone, click takes care: exit code 1 and no word
        _complain(
            InvalidInput(
                what=f"{error.filename or 'The output'} could not be written.",
                where=str(error.filename or "standard output"),
                why=(error.strerror or str(error)).lower(),
                fix="check that the disk has room, and that the name is one you may use",
            )
        )
        sys.exit(2)


def printable(text: str) -> str:
    """Return a text without the control characters that could steer a terminal or feign a line."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PLAIN_SIGNS = {"·": ".", "–": "-", "×": "x", "“": '"', "”": '"', "’": "'"}


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """Print something else for what the terminal's encoding does not have."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - it is asked for when printing only
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN_SIGNS.get(sign, "?") for sign in signs), error.end


def _in_our_voice(error: click.ClickException) -> InvalidInput:
    """Say what click found wrong with the words of a command line in four parts."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "ketsched"
    what, *more = re.split(r"[:.] ", " ".join(error.format_message().split()).rstrip("."), maxsplit=1)
    hint = more[0] + " " if more and more[0].endswith("?") else ""
    near = _near_option(error, context)
    if near:
        hint, more = f"did you mean {near!r}? ", more if isinstance(error, click.BadParameter) else []
    missing = isinstance(error, click.MissingParameter)
    why = "the command needs it" if missing else "the command does not take it so"
    return InvalidInput(
        what=what[:1].lower() + what[1:],
        where=command,
        why=more[0] if more and not more[0].endswith("?") else why,
        fix=f"{hint[:1].lower()}{hint[1:]}{command} --help says what it takes",
    )


def _near_option(error: click.ClickException, context: click.Context | None) -> str:
    """Return the option, or the word of an option that takes one of some, that is meant; empty if none is near."""
    if isinstance(error, click.NoSuchOption) and context is not None:
        known = [name for param in context.command.params for name in param.opts if name.startswith("--")]
        return close_to(error.option_name, known)
    words = getattr(getattr(error, "param", None), "type", None)
    written = re.match(r"'([^']*)'", error.message)
    if isinstance(words, click.Choice) and written is not None:
        return close_to(written[1], words.choices)
    return ""


def _typed(name: str, value: str, _: str) -> str:
    """Write an argument that an error's advice names as one types it."""
    from ketsched.tracking.proposing import option_of

    return f"{option_called(name)} {option_of(value)}".rstrip()


def _complain(error: KetschedError) -> None:
    fix = error.advice(_typed)
    said = InvalidInput(what=error.what, where=error.where, why=error.why, fix=fix)
    colour = None if os.environ.get("NO_COLOR") else "red"
    click.echo(click.style("error: ", fg=colour, bold=True) + printable(str(said)), err=True)
