"""Files: read up to a largest size; several are written together or none."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ketsched.errors import CannotRead, CannotWrite
from ketsched.files import LARGEST_FILE, read_text, write_several, write_whole


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
            self.st_mode, self.st_gid = found.st_mode, found.st_gid + 1

    def seen(self, **more):
        found = real(self, **more)
        return OfAnotherGroup(found) if self.name == "a" else found

    def chown(_, user, group):
        given.append((user, group))
        if not allowed:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "stat", seen)
    monkeypatch.setattr(os, "chown", chown)
    write_whole(path, b"new")
    monkeypatch.undo()
    assert given == [(-1, path.stat().st_gid + 1)]
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)
