"""Habits that a reader may rely on, held by reading the source."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src" / "ketsched"
SOURCES = sorted(SRC.rglob("*.py"))


def each_source(function):
    return pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(SRC).as_posix())(
        function
    )


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def public(node):
    """Yield the public functions and classes of a module, and those in its classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            if any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in child.decorator_list):
                continue  # the function itself follows
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public(child)


@each_source
def test_a_docstring_opens_with_one_plain_sentence(path):
    module = tree(path)
    for node in (module, *public(module)):
        name = getattr(node, "name", path.stem)
        text = ast.get_docstring(node)
        assert text, f"{name} has no docstring"
        first = " ".join(text.split("\n\n")[0].split())
        assert re.match(r"""[A-Z0-9"'`(]""", first) or first.split()[0] == "ketsched", f"{name}: {first}"
        assert first[-1] in ".:?", f"{name}: the first paragraph ends its sentence: {first}"


@each_source
def test_an_assert_states_a_fact_of_our_own_and_says_whose(path):
    """A fault in the input is raised: Python drops asserts under -O."""
    lines = path.read_text(encoding="utf-8").splitlines()
    asserts = [lines[node.lineno - 1] for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)]
    assert all(re.search("# noqa: S101 - .+", line) for line in asserts), asserts


@each_source
def test_only_the_command_line_knows_what_day_it_is(path):
    """Today's date, the host's zone and chance are arguments."""
    if SRC / "cli" in path.parents:
        return
    clocks = {"now", "today", "utcnow", "localtime", "random", "uuid1", "uuid4", "getnode"}
    found = [
        f"line {node.lineno}: {node.func.attr}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
    ]
    assert not found


@each_source
def test_no_module_has_a_name_without_a_meaning(path):
    assert path.stem not in {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "misc",
        "manager",
        "data",
        "base",
    }


@each_source
def test_nothing_is_unpickled_or_evaluated(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.split(".")[0] for alias in node.names} | {
                (getattr(node, "module", "") or "").split(".")[0]
            }
            assert not names & {"pickle", "marshal", "shelve", "socket", "urllib", "requests", "subprocess"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile", "__import__"}


def lines_of_code(function):
    """How many lines a function has without its docstring."""
    head = function.body[0]
    said = (
        isinstance(head, ast.Expr)
        and isinstance(head.value, ast.Constant)
        and isinstance(head.value.value, str)
    )
    return function.end_lineno - function.lineno + 1 - (head.end_lineno - head.lineno + 1 if said else 0)


def test_no_module_is_over_500_lines_and_no_function_over_80():
    too_long = []
    for path in SOURCES:
        name, module = path.relative_to(SRC).as_posix(), path.read_text(encoding="utf-8")
        if len(module.splitlines()) > 500:
            too_long.append(name)
        for node in ast.walk(ast.parse(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of_code(node) > 80:
                too_long.append(f"{name}: {node.name}")
    assert too_long == []


def test_no_file_is_excused_from_a_gate_that_it_would_pass():
    """Exceptions beside a line are looked after by the linter (RUF100), those by file here."""
    excused = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"][
        "per-file-ignores"
    ]
    stated = {(name, code) for name, codes in excused.items() if name.startswith("src/") for code in codes}
    options = [
        f"--select={','.join(sorted({code for _, code in stated}))}",
        "--config=lint.per-file-ignores={}",
    ]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "src",
            "--output-format=json",
            "--exit-zero",
            "--no-cache",
            *options,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    needed = {
        (Path(one["filename"]).relative_to(ROOT).as_posix(), one["code"]) for one in json.loads(done.stdout)
    }
    assert sorted(stated - needed) == [], (
        "no longer needed: delete it from per-file-ignores in pyproject.toml"
    )


def test_the_makefile_names_tests_that_are_there():
    """Those that run on the oldest versions and on other Pythons are named one by one."""
    names = set(re.findall(r"tests/[\w./]+", (ROOT / "Makefile").read_text(encoding="utf-8")))
    assert [name for name in sorted(names) if not list(ROOT.glob(f"{name.removesuffix('_')}*"))] == []


def test_the_version_is_stated_once_and_the_same():
    stated = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    own = re.search(r'^__version__ = "(.+)"$', (SRC / "__init__.py").read_text(encoding="utf-8"), re.M)
    assert stated or own
    if stated and own:
        assert own[1] == stated[1]


def test_a_fragment_of_the_changelog_is_named_for_its_kind():
    """By another name it would not be put into CHANGELOG.md."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    kinds = "|".join(kind["directory"] for kind in stated["type"])
    names = {path.name for path in (ROOT / stated["directory"]).iterdir()} - set(stated["ignore"])
    assert [name for name in sorted(names) if not re.fullmatch(rf"[a-z0-9-]+\.({kinds})\.md", name)] == []


def committed():
    """The text files that git keeps, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        try:
            if path.is_file():
                yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_names_a_place_outside_the_checkout():
    """A path of one machine, a neighbouring folder or a package index is no use to anybody else."""
    # Written as patterns, so that this file does not find itself.
    elsewhere = r"\.\./shared\b|/(work|home|root|Users)/\w|/opt/[p]ypi"
    indexes = r"registry\.[n]pmjs|pypi\.org/[s]imple|files\.[p]ythonhosted|[i]ndex-url"
    found = [
        f"{name}, line {number}: {line.strip()[:80]}"
        for name, content in committed()
        for number, line in enumerate(content.splitlines(), 1)
        if re.search(f"{elsewhere}|{indexes}", line)
    ]
    assert not found, "\n".join(found)


def test_no_file_of_tests_is_over_900_lines():
    long = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if len(path.read_text("utf-8").splitlines()) > 900
    ]
    assert not long
