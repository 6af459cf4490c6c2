"""
Tries to break every reader with coverage-guided input: `make fuzz`, or with options of libFuzzer.

The first byte picks the reader, the rest is its file. A reader succeeds or raises a KetschedError
that says what, why and how to fix; anything else is a find, and is kept under tests/fuzz/found/.
An ordinary test (tests/properties/test_readers.py) reads all that lies there again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).parent

with atheris.instrument_imports(include=["ketsched"]):
    sys.path.insert(0, str(HERE))
    from readers import READERS, read_bytes

FOLDER = Path(tempfile.mkdtemp())


def one(content: bytes) -> None:
    """Give one input to the reader that its first byte picks."""
    if content:
        name = sorted(READERS)[content[0] % len(READERS)]
        read_bytes(name, content[1:], FOLDER)


def seeds() -> Path:
    """Write the good files, each behind the byte that picks its reader, as a corpus to start from."""
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for number, name in enumerate(sorted(READERS)):
        for place, good in enumerate(READERS[name].good):
            (corpus / f"{number}-{place}").write_bytes(bytes([number]) + good)
    for path in (HERE / "found").glob("*"):
        (corpus / path.name).write_bytes(path.read_bytes())
    return corpus


if __name__ == "__main__":
    options = [
        f"-artifact_prefix={HERE / 'found'}/",
        f"-dict={HERE / 'words.dict'}",
        "-max_len=16000",
        "-timeout=20",
    ]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(seeds())], one)
    atheris.Fuzz()
