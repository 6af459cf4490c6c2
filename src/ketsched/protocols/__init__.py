"""
Published protocols, one TOML file each, and their loader.

A clinic's own protocol is a file of the same form; docs/how-to/own-protocol.md walks
through it, `template` gives one to start from, and `protocol.schema.json` beside this
module lets editors complete it. A number without source and mark does not load.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from ketsched import tomlfile
from ketsched.arguments import checked
from ketsched.errors import InvalidProtocol
from ketsched.model import Protocol
from ketsched.protocols.reading import read_protocol

__all__ = ["load_protocol", "protocol_ids", "read_protocol", "template"]

_TEMPLATE_ID = "my-protocol"


def protocol_ids() -> tuple[str, ...]:
    """Return the ids of the protocols that come with the library, in alphabetical order."""
    from importlib.resources import files

    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@checked
def load_protocol(name: str | Path) -> Protocol:
    """
    Return a protocol by its id, or read a clinic's own from a TOML file.

    Args:
        name: The id of a protocol that comes with the library ("iv-mwf-6"), or the path of a .toml file.

    Raises:
        InvalidProtocol: The file contradicts itself or leaves out what it must state.
        CannotRead: There is no such protocol, or the file cannot be read.
    """
    text = str(name)
    if isinstance(name, Path) or text.lower().endswith(".toml") or "/" in text or "\\" in text:
        return read_protocol(tomlfile.load(Path(name)))
    if text not in protocol_ids():
        from difflib import get_close_matches

        near = get_close_matches(text[:64].lower(), protocol_ids(), n=3, cutoff=0.4)
        raise InvalidProtocol(
            what=f"there is no protocol {text[:64]!r}",
            where="name",
            argument="name",
            why=f"the library has {', '.join(protocol_ids())}",
            fix=f"did you mean {' or '.join(near)}?"
            if near
            else "name one of these, or the path of a .toml file",
        )
    return read_protocol(tomlfile.parse(_shipped(f"{text}.toml"), f"{text}.toml"))


def template(protocol_id: str) -> str:
    """
    Return the text of a commented protocol file that a clinic can start from.

    Args:
        protocol_id: The id that the new protocol shall have.
    """
    text = _shipped("new.toml.txt")
    attrs.evolve(read_protocol(tomlfile.parse(text, "new.toml")), id=protocol_id)  # refuses what is no id
    return text.replace(f'id = "{_TEMPLATE_ID}"', f'id = "{protocol_id}"', 1)


def _shipped(name: str) -> str:
    from importlib.resources import files

    return files(__name__).joinpath(name).read_text(encoding="utf-8")
