"""Files: read up to a largest size; several are written together or none."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from pathlib import Path

import pytest

from ketsched.errors import CannotRead, CannotWrite
from ketsched.files import LARGEST_FILE, Lock, read_text, write_several, write_whole


def raised(how):
    with pytest.raises((CannotRead, CannotWrite)) as caught:
        how()
    return caught.value


def test_what_is_not_utf8_names_its_line(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"a = 1\nb = 'caf\xe9'\n")
    error = raised(lambda: read_text(path))
    assert isinstance(error, CannotRead)
    assert error.where == f"{path}, line 2"


def test_a_file_may_be_just_so_large(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"#" * LARGEST_FILE)
    assert len(read_text(path)) == LARGEST_FILE
    path.write_bytes(b"#" * (LARGEST_FILE + 1))
    assert "10 MiB" in raised(lambda: read_text(path)).why


@pytest.mark.parametrize("name", ["absent.toml", ".", "nul\0.toml", "lone\ud800.toml", "a" * 5000])
def test_a_path_that_cannot_be_opened(tmp_path, name):
    assert isinstance(raised(lambda: read_text(tmp_path / name)), CannotRead)


# Several files.


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_bytes(b"old a")
    (tmp_path / "c").write_bytes(b"old c")
    return tmp_path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


OLD, NEW = {"a": b"old a", "c": b"old c"}, {name: f"new {name}".encode() for name in "abc"}


def wanted(folder):
    return [(folder / name, content) for name, content in NEW.items()]


def test_several_files_take_their_places(folder):
    write_several(wanted(folder))
    assert contents(folder) == NEW


def test_no_file_changes_before_all_are_written(folder, monkeypatch):
    """A disk that is full at the last file leaves the first ones as they were."""
    seen = []

    def sync(_):
        seen.append({name: content for name, content in contents(folder).items() if name in NEW})
        if len(seen) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", sync)
    error = raised(lambda: write_several(wanted(folder)))
    assert (error.what, error.why) == ("cannot write c", "no space left on device")
    assert seen == [OLD] * 3
    assert contents(folder) == OLD


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("fails_at", [1, 2, 3])
@pytest.mark.parametrize(
    "fault", [PermissionError(errno.EPERM, "Operation not permitted"), KeyboardInterrupt()]
)
def test_a_place_that_cannot_be_taken_gives_the_others_back(folder, monkeypatch, fails_at, fault, links):
    """In a folder such as /tmp a file may be made and another's may not be replaced; and the user may stop it."""
    real, calls = Path.replace, []

    def replace(path, target):
        calls.append(target)
        if len(calls) == fails_at:
            raise fault
        return real(path, target)

    def no_link(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "replace", replace)
    if not links:
        monkeypatch.setattr(os, "link", no_link)
    with pytest.raises((CannotWrite, KeyboardInterrupt)):
        write_several(wanted(folder))
    assert contents(folder) == OLD


def test_a_folder_among_them_is_refused_and_nothing_changes(folder):
    (folder / "b").mkdir()
    assert "is a folder" in raised(lambda: write_several(wanted(folder))).what
    assert (folder / "a").read_bytes() == b"old a"


@pytest.mark.parametrize(("allowed", "mode"), [(True, 0o664), (False, 0o604)])
def test_a_file_keeps_its_group_and_mode_or_gives_no_other_group_what_it_had(
    folder, monkeypatch, allowed, mode
):
    """What nurses share stays theirs; where the system keeps the group back, its rights go to nobody else."""
    path, given, real = folder / "a", [], Path.stat
    path.chmod(0o664)

    class OfAnotherGroup:
        def __init__(self, found):
            self.st_mode, self.st_uid, self.st_gid = found.st_mode, found.st_uid, found.st_gid + 1

    def seen(self, **more):
        found = real(self, **more)
        return OfAnotherGroup(found) if self.name == "a" else found

    def chown(_, user, group):
        given.append((user, group))
        if not allowed or user != -1:  # only the machine's administrator gives files to others
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "stat", seen)
    monkeypatch.setattr(os, "chown", chown)
    remarks = write_several([(path, b"new")])
    monkeypatch.undo()
    found = path.stat()
    assert given == [(found.st_uid, found.st_gid + 1), (-1, found.st_gid + 1)]
    assert [remark.partition(":")[0] for remark in remarks] == ([] if allowed else ["a"])
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_lost_is_said_with_a_warning_in_python(folder, monkeypatch, fails):
    """A share that knows no permissions still takes the file, for its owner alone."""
    path, real = folder / "a", Path.chmod

    def chmod(self, mode, **more):
        if fails:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        return real(self, mode, **more)

    path.chmod(0o664)
    monkeypatch.setattr(Path, "chmod", chmod)
    if fails:
        with pytest.warns(UserWarning, match=r"a: its permissions could not be kept"):
            write_whole(path, b"new")
    else:
        write_whole(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600 if fails else 0o664)


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o640), (0o022, 0o640), (0o027, 0o640), (0o077, 0o600)])
def test_a_new_file_is_never_for_everybody(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "new", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == mode


# Locks.


def test_a_lock_is_for_one_at_a_time_and_leaves_nothing(folder):
    first, second = Lock(folder / "a"), Lock(folder / "a")
    assert first.take(0)
    assert not second.take(0)
    assert Lock(folder / "c").take(0)  # another file is another matter
    first.give_up()
    assert second.take(0)
    second.give_up()
    second.give_up()  # twice is once
    assert contents(folder).keys() - {".c.lock"} == {"a", "c"}


def test_a_lock_is_of_the_file_however_it_is_spelled(folder):
    (folder / "link").symlink_to("a")
    (folder / "sub").mkdir()
    lock = Lock(folder / "link")
    assert lock.take(0)
    assert not Lock(folder / "sub" / ".." / "a").take(0)
    lock.give_up()


@pytest.mark.parametrize("length", [248, 249, 250, 255])
def test_a_long_name_is_locked_as_well(tmp_path, length):
    path = tmp_path / ("x" * (length - 5) + ".json")
    lock = Lock(path)
    assert lock.take(0)
    assert not Lock(path).take(0)
    lock.give_up()
    assert not list(tmp_path.iterdir())


def test_the_lock_of_one_that_was_killed_blocks_nobody(folder):
    """Whatever the file of the lock says: what counts is who holds it."""
    child = os.fork()
    if child == 0:
        Lock(folder / "a").take(0)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert (folder / ".a.lock").exists()
    lock = Lock(folder / "a")
    assert lock.take(0)
    lock.give_up()
    assert not (folder / ".a.lock").exists()


def test_a_lock_makes_no_folder(tmp_path):
    error = raised(lambda: Lock(tmp_path / "none" / "a").take(0))
    assert (error.what, str(tmp_path / "none") in error.fix) == ("cannot write a", True)
    assert not (tmp_path / "none").exists()


def test_a_folder_without_locks_is_said(folder, monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    error = raised(lambda: Lock(folder / "a").take(0))
    assert (error.what, "knows no locks" in error.why) == ("a cannot be locked", True)
