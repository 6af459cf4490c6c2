"""
The command line: one subcommand per verb. It prints, and decides nothing.

Exit codes: 0 clean, 1 findings (from warnings up, see --fail-on), 2 the input cannot be used.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from ketsched import __version__
from ketsched.errors import KetschedError

_COMMANDS = {
    "plan": ("planning", "Plan a course from a protocol, a start and a clinic's hours."),
    "check": ("checking", "Check a course file, a calendar file or bare dates against a protocol."),
    "rules": ("checking", "List the rules that check knows."),
    "explain": ("checking", "Explain one rule: what it means, why, and what to do."),
    "protocols": ("protocols", "List the protocols that come with the library."),
    "show": ("protocols", "Show a protocol, every number with its source and mark."),
    "new": ("protocols", "Write a commented protocol file to start from."),
}


class _Commands(click.Group):
    """Subcommands that are imported when they are used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"ketsched.cli.{_COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.format_message()} Did you mean {near[0]!r}?", ctx) from None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 clean, 1 findings, 2 the input cannot be used. "
    "Shell completion: see the how-to guide, or run _KETSCHED_COMPLETE=bash_source ketsched.",
)
@click.version_option(__version__, prog_name="ketsched")
def commands() -> None:
    """
    Plan courses of treatment: 6 to 8 infusions over 2 to 4 weeks, then boosters.

    Days are local dates at the clinic. This program holds no dose and recommends no
    treatment: it proposes dates, with reasons, and a clinician decides.
    """


def main() -> None:
    """Run the command line; errors in the input are printed and end with exit code 2."""
    try:
        sys.exit(commands(prog_name="ketsched", standalone_mode=False))
    except KetschedError as error:
        _complain(str(error))
        sys.exit(2)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _complain(error.format_message())
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _complain("stopped; nothing more was written")
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _complain(text: str) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + text, err=True)
