"""The command line as people and scripts call it: rules, protocols, help, terminals, what cannot be used."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import ketsched as ks
from clinicfiles import MWF, folder, said_in_four_parts
from ketsched.cli import commands

CHANGES = ("hold", "release", "authorise", "record decision", "record done", "record ride", "appointments")
TRACKING = (
    "record",
    "next",
    "replan",
    "move",
    "cancel",
    "end",
    "undo",
    "today",
    "status",
    "history",
    "publish",
)
COMMANDS = ("plan", "check", *TRACKING, *CHANGES, "why", "rules", "explain", "protocols", "new", "init")


pytestmark = pytest.mark.usefixtures("own_folder")


def started(*words: str, **how) -> subprocess.CompletedProcess:
    """Run a command in a process of its own."""
    settings = {key: text for key, text in os.environ.items() if not key.startswith(("LC_", "PYTHONIO"))}
    settings |= how.pop("env", {})
    command = [sys.executable, "-m", "ketsched.cli", *words]
    return subprocess.run(command, env=settings, check=False, **{"stdout": -1, "stderr": -1} | how)


# Rules, protocols


def test_a_rule_is_explained_by_code_and_by_name(run):
    by_code, by_name = run("explain", "ks101"), run("explain", "gap-too-short")
    assert by_code == by_name
    assert by_code.out.startswith("KS101 gap-too-short (problem)\n\n")
    assert "Why it matters:" in by_code.out


def test_an_unknown_rule_is_refused_with_one_like_it(run):
    done = run("explain", "gap-to-short")
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "did you mean KS101 gap-too-short?" in done.err


def test_all_rules_are_listed(run):
    listed = json.loads(run("rules", "--json").out)
    assert [rule["code"] for rule in listed] == re.findall(r"^KS\d\d\d", run("rules").out, re.M)
    assert {"code": "KS101", "name": "gap-too-short", "severity": "error"}.items() <= listed[0].items()


def test_all_protocols_are_listed_and_shown(run):
    listed = json.loads(run("protocols", "--json").out)
    assert {"iv-mwf-6", "esk-trd", "generic-induction"} <= {protocol["id"] for protocol in listed}
    for protocol in listed:
        done = run("protocols", protocol["id"])
        assert done.code == 0
        assert f"{protocol['id']} (version {protocol['version']})" in done.out
        assert json.loads(run("protocols", protocol["id"], "--json").out)["id"] == protocol["id"]
    text = run("protocols", "iv-mwf-6").out
    assert re.search(r"^spacing 1 +at least 2 days apart +house default +house$", text, re.M)
    assert max(map(len, text.split("\n"))) <= 100


def test_what_goes_around_the_sessions_is_shown_with_its_sources(run, around):
    assert "own.toml" in around
    out = run("protocols", "own.toml").out
    for line in (
        r"screening \(required appointment\): Screening for ketamine",
        r"anchor +the first session",
        r"window +7 days before \(28 days before to 1 day +house default +own",
        r"duration +60 min +house default +own",
        r"decides +sessions after it are to be confirmed.*",
        r"where +therapist, clinic",
        r"session days +never",
        r"count +2 +house default +own",
        r"every +every 3 days +house default +own",
        r"where +by telephone",
        r"form \(recommended task\): Monitoring form",
        r"window +due 7 days after +house default +own",
        r"for +the clinic alone",
        r"water \(notice\): Water",
        r"after +until 90 min after +house default +own",
        r"text +Drink water before and after\.",
    ):
        assert re.search(f"^{line}$", out, re.M), line


def test_phases_side_by_side_are_listed_so(run):
    (row,) = [one for one in json.loads(run("protocols", "--json").out) if one["id"] == "iv-booster-home"]
    assert row["boosters"] == "every 4 weeks; every 4 weeks, home"
    assert "home (sublingual, home, beside maintenance)\n" in run("protocols", "iv-booster-home").out


def test_a_new_protocol_loads_and_is_not_written_over(run):
    done = run("new", "protocol", "our-own")
    assert (done.code, done.out) == (
        0,
        "wrote our-own.toml; edit it, then: ketsched protocols our-own.toml\n",
    )
    assert ks.load_protocol("our-own.toml").id == "our-own"
    assert run("protocols", "our-own.toml").code == 0
    assert run("new", "protocol", "other", "-o", "named.toml").code == 0
    for words in (("our-own",), ("x", "-o", "named.toml")):
        done = run("new", "protocol", *words)
        assert (done.code, done.out) == (2, "")
        assert said_in_four_parts(done.err)
    assert folder() == {"our-own.toml", "named.toml"}


# Words that are no commands, and where the text goes


@pytest.mark.parametrize(
    "words",
    [
        ("plann",),
        ("plan",),
        ("plan", "--protocl", "iv-mwf-6"),
        ("plan", "--sessions", "1.5"),
        ("plan", "--fail-on", "never"),
        ("plan", "a.toml", "b.toml"),
        ("plan", "missing.toml"),
        ("explain",),
        ("protocols", "iv-mwf-7"),
        ("protocols", "missing.toml"),
        ("check",),
        ("check", "2027-01-04"),
        ("check", "--protocol", "iv-mwf-7", "2027-01-04"),
        ("check", "a.json", "b.json"),
        ("check", "course.txt"),
        ("new", "protocol", "Not An Id"),
        ("new", "protocol", "a", "-o", "missing/a.toml"),
        ("plan", *MWF[1:], "--clinic", "clinic.toml"),
        (*MWF[:5], "--zone", "Europe/Paris"),
        (*MWF[:5], "--hours", "mon-fri 09:00-17:00"),
        MWF[:5],
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_said_in_four_parts(run, words):
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err


def test_without_words_it_shows_its_help(run):
    assert run() == run("--help")
    assert run().code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_page_that_says_what_the_list_says(command):
    runner = CliRunner()
    shown = runner.invoke(commands, [*command.split(), "-h"])
    listed = runner.invoke(commands, ["--help"]).output
    assert shown.exit_code == 0
    assert max(map(len, shown.output.split("\n"))) <= 80
    assert command in listed
    listing = (
        "appointments",
        "cancel",
        "move",
        "record done",
        "today",
        "undo",
        "why",
    )  # elsewhere sessions are called sessions
    said = " ".join(shown.output.split()).replace("appointments (no reminders)", "")  # of a file
    assert ("appointment" in said) == (command in listing)
    for name in re.findall(r"^  (--[a-z-]+)", shown.output, re.M):
        assert re.search(rf"^  {name}\b.*(\n +)?\S", shown.output, re.M)


def test_commands_and_options_stand_in_groups(run):
    headings = re.findall(r"^(\S.*):$", run("--help").out, re.M)
    assert headings == ["Options", "Plan and change", "Every day", "Waiting", "Calendars", "Check, learn"]
    headings = re.findall(r"^(\S.*):$", run("replan", "--help").out, re.M)
    groups = ["What happened", "What to do", "Clinic", "Another protocol", "Who and why", "Output"]
    assert headings == [*groups, "For scripts", "Options"]
    for command in COMMANDS:
        shown = run(*command.split(), "--help").out
        alone = shown.partition("\nOptions:\n")[2]  # nothing but help stands under no heading
        assert re.findall(r"^  (-\S+)", alone, re.M) == ["-h,"], command


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_the_list_of_commands_imports_none_of_them(words):
    """It is asked for at every press of the tab key: within 150 ms beyond a bare interpreter."""
    code = (
        f"import sys; sys.argv = ['ketsched', *{words}]; from ketsched.cli import main\n"
        "try: main()\nexcept SystemExit: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=-1, text=True, check=True)
    modules = set(done.stdout.splitlines()[-1].split())
    assert not modules & {"attrs", "rich", "ketsched.model", "ketsched.checking", "ketsched.cli.inputs"}


def test_a_command_of_two_words_is_told_from_a_file(run):
    """Files end in .json: record decision is the command, record decision.json the file."""
    assert "missing argument 'FILE'" in run("record", "decision").err
    assert "cannot open decision.json" in run("record", "decision.json", "2027-01-04", "given").err


def test_version(run):
    assert run("--version").out == f"ketsched, version {ks.__version__}\n"


def test_a_protocol_may_say_what_it_likes(run):
    """Square brackets are no mark-up, colons no pictures, and control characters do not reach the terminal."""
    assert run("new", "protocol", "own").code == 0
    text = Path("own.toml").read_text("utf-8")
    title = r'title = "[bold]A[/] [/b] :smile: \u001b[2J"'
    Path("own.toml").write_text(re.sub("^title = .*$", lambda _: title, text, flags=re.M), encoding="utf-8")
    done = run("protocols", "own.toml")
    if done.code == 0:  # or the reader refuses it, which is as good
        assert "[bold]A[/] [/b] :smile: \N{REPLACEMENT CHARACTER}[2J" in done.out
    assert "\x1b" not in done.out + done.err


def on_a_terminal(*words: str, **env: str) -> str:
    """Return what a command prints to a terminal."""
    ours, its = pty.openpty()
    try:
        settings = os.environ | {"TERM": "xterm-256color", "COLUMNS": "90"} | env
        command = [sys.executable, "-m", "ketsched.cli", *words]
        with subprocess.Popen(command, stdout=its, stderr=its, env=settings) as process:
            os.close(its)
            printed = b""
            try:
                while some := os.read(ours, 65536):
                    printed += some
            except OSError:  # Linux: the other end has gone
                pass
            process.wait()
    finally:
        os.close(ours)
    return printed.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*\b3[0-7]m")


def test_colours_are_for_terminals_and_can_be_switched_off():
    words = ("check", "--protocol", "iv-mwf-6", "2027-01-04", "2027-01-05")
    assert COLOUR.search(on_a_terminal(*words))
    assert not COLOUR.search(on_a_terminal(*words, NO_COLOR="1"))
    assert COLOUR.search(on_a_terminal("protocols", "nothing"))
    assert not COLOUR.search(on_a_terminal("protocols", "nothing", NO_COLOR="1"))


@pytest.mark.parametrize(
    ("encoding", "closed"),
    [("latin-1", b"\xb7"), ("cp437", b"\xfa"), ("ascii", None)],
)
def test_a_terminal_without_our_signs_gets_others(plain, encoding, closed):
    """To a terminal that calls itself ASCII click writes UTF-8."""
    env = {"LC_ALL": "C", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = started(*plain, "--verbose", env=env)
    assert b" [4]   5 [6]   7 [8]   " + (closed or "·".encode()) in done.stdout
    done = started("protocols", "✗", env=env)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


def test_a_reader_that_goes_away_is_no_error():
    end, start = os.pipe()
    os.close(end)
    done = started("rules", stdout=start)
    os.close(start)
    assert done.stderr == b""


def test_a_full_disk_under_the_output_is_said_in_four_parts():
    with Path("/dev/full").open("wb") as full:
        done = started("rules", stdout=full)
    assert done.returncode == 2
    assert said_in_four_parts(done.stderr.decode())


def test_the_shell_completes_commands_protocols_and_rules():
    script = started(env={"_KETSCHED_COMPLETE": "zsh_source"}).stdout.decode()
    assert "_KETSCHED_COMPLETE=zsh_complete" in script
    assert (
        "_KETSCHED_COMPLETE=bash_complete"
        in started(env={"_KETSCHED_COMPLETE": "bash_source"}).stdout.decode()
    )

    def completed(*words: str) -> list[str]:
        env = {
            "_KETSCHED_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        said: str = started(env=env).stdout.decode()
        return said.split()

    assert completed("ketsched", "prot") == ["plain,protocols"]
    assert completed("ketsched", "protocols", "iv-m") == ["plain,iv-mwf-6"]
    assert completed("ketsched", "plan", "--protocol", "esk-t") == ["plain,esk-trd"]
    assert completed("ketsched", "explain", "gap-too-s") == ["plain,gap-too-short"]
