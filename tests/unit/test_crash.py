"""
A process that is killed while it writes: what is there afterwards is the old file or the new one, whole.

The process is a real one, forked from the test, and it is really killed (SIGKILL, or the
kernel's own signal when a limit of bytes is reached). `Points` counts its calls into the
operating system through Python's profiler, so the tests do not know how a file is written.
"""

from __future__ import annotations

import io
import os
import posix
import resource
import signal
import stat
import sys
import time
from pathlib import Path

import attrs
import pytest

from ketsched.errors import CannotWrite
from ketsched.files import write_several, write_whole
from ketsched.interchange import dumps, read

MOST_POINTS = 2000


class Points:
    """Ends the process just before its n-th call into the operating system, and so after the one before that."""

    def __init__(self, end_at: int) -> None:
        self.left, self.names = end_at, list[str]()

    def __call__(self, _, event, function):
        if event != "c_call":
            return
        owner = getattr(function, "__self__", None)
        if owner is posix or isinstance(owner, io.IOBase) or function is io.open:
            self.names.append(function.__name__)
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def forked(what):
    """Run something in a child and return how it ended: an exit code, or the signal that killed it, negative."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            what()
            code = 0
        except CannotWrite:
            code = 2
        finally:
            os._exit(code)  # never back into the test, whatever happened
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at_every_point(what, before):
    """Yield after each run that was killed one point later than the one before it; then after one that was not."""
    for point in range(1, MOST_POINTS):
        before()

        def run(point=point):
            sys.setprofile(Points(point))
            what()

        ended = forked(run)
        yield ended
        if ended >= 0:
            return
        assert ended == -signal.SIGKILL
    pytest.fail(f"still not done after {MOST_POINTS} points")


def limited(size, what):
    """Run something in a child that the kernel ends in the middle of a write, as soon as a file is longer than that."""

    def run():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        what()

    return forked(run)


def cleared(folder: Path, *kept: str):
    """Remove what a run left behind; it must be named as what was never finished is."""
    for path in folder.iterdir():
        if path.name not in kept:
            assert path.name.startswith(".")
            assert path.suffix == ".part"
            path.unlink()


@attrs.frozen
class Case:
    """A course file before and after a change, in a folder of its own."""

    path: Path
    old: bytes
    new: bytes

    def put_back(self):
        cleared(self.path.parent, self.path.name)
        self.path.write_bytes(self.old)

    def state(self):
        """Which of the two is there; anything else is a failure."""
        found = self.path.read_bytes()
        assert found in (self.old, self.new), f"{len(found)} bytes of {len(self.old)} or {len(self.new)}"
        return "old" if found == self.old else "new"


@pytest.fixture(scope="module")
def long_note():
    """Words enough to make a file of some hundred pages of the disk."""
    return " ".join(f"word {n}" for n in range(80_000))


def revise(course, *reasons):
    """The same course with another reason of its last revision each time."""
    *earlier, last = course.revisions
    return tuple(
        attrs.evolve(course, revisions=(*earlier, attrs.evolve(last, what=reason))) for reason in reasons
    )


@pytest.fixture
def courses(reference_course, long_note):
    """A course as it was and as it became; large, so that a write takes several steps."""
    return revise(reference_course, f"{long_note} as it was", f"{long_note} as it became")


@pytest.fixture
def case(tmp_path, courses):
    old, new = (dumps(course, "json") for course in courses)
    assert old != new
    assert len(old) > 500_000
    folder = tmp_path / "folder"
    folder.mkdir()
    case = Case(folder / "course.json", old, new)
    case.put_back()
    return case


def test_killed_at_every_call_the_file_is_the_old_or_the_new_one(case, courses):
    states, ends = [], []
    for ended in killed_at_every_point(lambda: write_whole(case.path, case.new), case.put_back):
        ends.append(ended)
        states.append(case.state())
        leftovers = list(case.path.parent.glob(".*"))
        assert len(leftovers) <= 1
    assert ends[-1] == 0
    assert len(states) > 10
    # First the old one, from one point on the new one, and never back.
    changed = states.index("new")
    assert 0 < changed < len(states) - 1
    assert states == ["old"] * changed + ["new"] * (len(states) - changed)
    assert list(case.path.parent.iterdir()) == [case.path]
    assert read(case.path) == courses[1]


def test_killed_where_no_file_was_there_is_none_or_the_new_one(case):
    for _ in killed_at_every_point(
        lambda: write_whole(case.path, case.new), lambda: case.path.unlink(missing_ok=True)
    ):
        assert not case.path.exists() or case.state() == "new"
    assert case.state() == "new"
    cleared(case.path.parent, case.path.name)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.5, 0.999])
def test_ended_by_the_kernel_in_the_middle_of_a_write_the_old_file_is_there(case, courses, part):
    size = int(len(case.new) * part)
    assert limited(size, lambda: write_whole(case.path, case.new)) == -signal.SIGXFSZ
    assert case.state() == "old"
    assert [path.stat().st_size for path in case.path.parent.glob(".*.part")] == [size]
    cleared(case.path.parent, case.path.name)
    assert read(case.path) == courses[0]


def test_one_byte_short_and_just_enough(case):
    assert limited(len(case.new) - 1, lambda: write_whole(case.path, case.new)) == -signal.SIGXFSZ
    assert case.state() == "old"
    assert limited(len(case.new), lambda: write_whole(case.path, case.new)) == 0
    assert case.state() == "new"


def test_a_writer_that_is_not_safe_would_be_found(case):
    """The harness sees a file that was cut off, or emptied first, so the tests above can fail."""
    assert limited(1000, lambda: case.path.write_bytes(case.new)) == -signal.SIGXFSZ
    with pytest.raises(AssertionError, match="1000 bytes"):
        case.state()
    states = (
        case.state() for _ in killed_at_every_point(lambda: case.path.write_bytes(case.new), case.put_back)
    )
    with pytest.raises(AssertionError, match=r"^0 bytes"):
        list(states)


def test_the_bytes_reach_the_disk_before_the_name_changes(case):
    """Else a machine that loses power could keep the new name and not what it stands for."""
    points = Points(0)
    sys.setprofile(points)
    try:
        write_whole(case.path, case.new)
    finally:
        sys.setprofile(None)
    calls = points.names
    assert calls.index("write") < calls.index("flush") < calls.index("fsync") < calls.index("replace")


def test_what_is_left_of_a_private_file_is_private(case):
    """A half-written file may stay behind, with what the patient's file holds."""
    seen = set()

    def before():
        case.put_back()
        case.path.chmod(0o600)

    for _ in killed_at_every_point(lambda: write_whole(case.path, case.new), before):
        seen |= {stat.S_IMODE(path.stat().st_mode) for path in case.path.parent.iterdir()}
    assert seen == {0o600}


def test_killed_at_any_moment_while_it_writes_again_and_again(case):
    """The parent kills, each time a little later, a child that writes one file and the other in turn."""
    ready, begun = os.pipe()

    def writing():
        while True:
            for content in (case.new, case.old):
                write_whole(case.path, content)
                os.write(begun, b".")

    seen = []
    for turn in range(60):
        child = os.fork()
        if child == 0:
            try:
                writing()
            finally:
                os._exit(99)
        os.read(ready, 1)  # it has written once and goes on
        until = time.perf_counter() + turn * 0.0002
        while time.perf_counter() < until:
            pass
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        os.set_blocking(ready, False)
        try:
            while os.read(ready, 4096):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(ready, True)
        seen.append(case.state())
        cleared(case.path.parent, case.path.name)
    os.close(ready)
    os.close(begun)
    assert set(seen) == {"old", "new"}


# Several files of one command.


@pytest.fixture
def several(tmp_path, reference_course):
    """
    The files of one command before and after, in the order in which they are written.

    What they hold is made once: it is the writing that is killed.
    """
    folder = tmp_path / "several"
    folder.mkdir()
    old, new = (
        [
            dumps(course, "json"),
            dumps(course, "patient.ics", audience="patient", privacy="discreet"),
            dumps(course, "clinic.ics", audience="clinic", privacy="full"),
        ]
        for course in revise(reference_course, "as it was", "as it became")
    )
    names = ["course.json", "patient.ics", "clinic.ics"]
    # Both revisions give the patient the same calendar, so an old one is made that differs.
    old[1] = old[1].replace(b"SEQUENCE:1", b"SEQUENCE:0")
    cases = [Case(folder / name, a, b) for name, a, b in zip(names, old, new, strict=True)]
    assert all(case.old != case.new for case in cases)
    return cases


def put_back(several):
    cleared(several[0].path.parent, *(case.path.name for case in several))
    for case in several:
        case.path.write_bytes(case.old)


def test_killed_between_several_files_each_is_whole_and_the_first_is_first(several):
    seen = []
    for _ in killed_at_every_point(
        lambda: write_several([(case.path, case.new) for case in several]),
        lambda: put_back(several),
    ):
        seen.append([case.state() for case in several])
    stages = [["new"] * n + ["old"] * (3 - n) for n in range(4)]
    assert [stage for n, stage in enumerate(seen) if not n or stage != seen[n - 1]] == stages


def test_killed_while_a_file_cannot_be_written_every_file_is_as_it_was(several):
    """The last file has no folder: that is met before any of the others takes its place."""
    missing = several[0].path.parent / "missing" / "more.ics"
    contents = [*((case.path, case.new) for case in several), (missing, b"more")]
    seen, ends = [], []
    for ended in killed_at_every_point(lambda: write_several(contents), lambda: put_back(several)):
        ends.append(ended)
        seen.append([case.state() for case in several])
    assert ends[-1] == 2
    assert len(seen) > 10
    assert all(states == ["old"] * 3 for states in seen)


def test_killed_while_files_give_their_places_back_each_is_whole(several):
    """A folder takes the last place once the files are written: the others go back, and the kill falls in that too."""
    late = several[2].path

    def before():
        if late.is_dir():
            late.rmdir()
        put_back(several)

    def contents():
        yield from ((case.path, case.new) for case in several)
        late.unlink()
        late.mkdir()

    seen, ends = [], []
    for ended in killed_at_every_point(lambda: write_several(contents()), before):
        ends.append(ended)
        seen.append([case.state() for case in several[:2]])
    assert ends[-1] == 2
    assert seen[0] == seen[-1] == ["old"] * 2
    assert ["new"] * 2 in seen
    assert sorted(path.name for path in late.parent.iterdir()) == sorted(case.path.name for case in several)
