"""
What the patient's page is made with: the template and colours that are shipped, or a clinic's folder of its own.

A folder holds any of `patient.html`, `colours.toml`, `logo.svg` and `logo.png`. Its template is a guest:
it sees what the page tells and nothing else, every value in it is escaped, and a page without the policy
that forbids requests is refused.
"""

from __future__ import annotations

import re
import traceback
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ketsched import tomlfile
from ketsched.errors import CannotRead, CannotWrite, InvalidInput, KetschedError
from ketsched.files import is_bare, read_bytes, read_text
from ketsched.tomlfile import Table

if TYPE_CHECKING:
    from jinja2 import Environment

Colours = dict[str, dict[str, str]]
"""Of "light" and "dark": each colour's name with its value, "#0b5560"."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may do for the page: show it. It loads nothing, runs nothing and sends nothing."""

LONGEST_LINE = 500
"""Characters of a line; a longer one would make sheets of a page (house default)."""

SHIPPED = "shipped/"
"""Before the name of a template that is ours, as in {% extends "shipped/patient.html" %}."""

TEMPLATE, COLOURS = "patient.html", "colours.toml"
LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
"""Names of a logo, each with what it is; the first that is there is taken."""

LARGEST_LOGO = 100 * 1024
"""Octets of a logo; it stands in every page (house default)."""

READABLE = 4.5
"""Contrast of text to what is behind it (WCAG 2.2, 1.4.3)."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_BEGINS = {"logo.svg": re.compile(rb"\s*(<\?xml|<!--|<svg\b)"), "logo.png": re.compile(rb"\x89PNG\r\n\x1a\n")}
_DEPARTS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+")
"""What HTML cannot hold, breaks of lines, and marks that write the rest of a line backwards."""


def render(folder: Path | None, values: Mapping[str, Any]) -> str:
    """
    Return a page: the template with the values in it.

    Args:
        folder: The clinic's own; None: all is ours.
        values: By the names that a template calls them. Of one with `SEEN` a template sees what that lists.

    Raises:
        CannotWrite: There is no such folder, its template fails, or its page has no policy.
        CannotRead, InvalidInput: Its colours or its logo are not right.
    """
    from markupsafe import escape

    if folder is not None and not folder.is_dir():
        raise CannotWrite(
            what=f"there is no folder {folder.name[:60]!r} for the page",
            where=str(folder),
            why="the clinic's own template, logo and colours are in it",
            fix="put it there; an empty one gives the page as it is shipped",
        )
    colours, logo = _colours(folder), _logo(folder)
    given = {**values, "policy": POLICY, "colours": colours, "logo": logo if values["shows_logo"] else ""}
    if folder is None or not (folder / TEMPLATE).exists():
        return _environment(folder).get_template(SHIPPED + TEMPLATE).render(given)
    page = _guest(folder, given)
    if _META.replace("{{ policy }}", escape(POLICY)) not in page:
        raise CannotWrite(
            what="the page has no policy that forbids requests",
            where=str(folder / TEMPLATE),
            why="a patient's page loads nothing and runs nothing, whatever stands in it",
            fix=f'begin the template with {{% extends "{SHIPPED}{TEMPLATE}" %}}, or put {_META} into its head',
        )
    return page


_META = '<meta http-equiv="Content-Security-Policy" content="{{ policy }}">'


def _guest(folder: Path, given: Mapping[str, Any]) -> str:
    """Return the page of the clinic's own template; whatever fails in it is said with its line."""
    from jinja2 import TemplateSyntaxError

    try:
        return _environment(folder).get_template(TEMPLATE).render(given)
    except KetschedError:
        raise
    except TemplateSyntaxError as error:
        raise _fails(error, f"{folder / (error.name or TEMPLATE)}, line {error.lineno}") from None
    except Exception as error:  # a template can raise whatever Python can
        lines = [at for at in traceback.extract_tb(error.__traceback__) if Path(at.filename).parent == folder]
        place = f"{lines[-1].filename}, line {lines[-1].lineno}" if lines else str(folder / TEMPLATE)
        raise _fails(error, place) from None


def _fails(error: Exception, where: str) -> CannotWrite:
    said = str(error).split("\n")[0].rstrip(".")[:200]
    return CannotWrite(
        what="the clinic's template of the page fails",
        where=where,
        why=f"{said[:1].lower()}{said[1:]}" if said else type(error).__name__,
        fix="mend that line, or take the template away for the page as it is shipped",
    )


@cache
def _environment(folder: Path | None) -> Environment:
    """Return what fills in templates: they cannot reach into Python, and every value is escaped."""
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        """What a template may see of our values is listed; of others Jinja2 decides."""

        def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
            seen = getattr(type(obj), "SEEN", None)
            return super().is_safe_attribute(obj, attr, value) if seen is None else attr in seen

    return Sandbox(
        loader=FunctionLoader(partial(_source, folder)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )


def _source(folder: Path | None, name: str) -> tuple[str, str, Callable[[], bool]] | str | None:
    """Return the text of a template, where it is, and whether that is still so."""
    ours = name.removeprefix(SHIPPED)
    if ours != name:
        return _shipped(ours) if ours in (TEMPLATE, "page.css") else None
    path = None if folder is None or not is_bare(name) else folder / name
    if path is None or not path.exists():
        return None
    changed = path.stat().st_mtime_ns
    return read_text(path), str(path), lambda: path.exists() and path.stat().st_mtime_ns == changed


def _shipped(name: str) -> str:
    return files("ketsched.interchange").joinpath("templates", name).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    """Return a text without what a page cannot hold; one that is too long is refused."""
    if type(value) is not str:
        return value
    if len(value) > LONGEST_LINE:
        raise CannotWrite(
            what=f"a line of the page has {len(value)} characters",
            where=f"the line that begins {value[:20]!r}",
            why=f"a page is for one or two sheets of paper; a line has at most {LONGEST_LINE} characters",
            fix="shorten the text in the protocol or the clinic's file",
        )
    return _DEPARTS.sub(" ", value)


# The logo


def _logo(folder: Path | None) -> str:
    """Return a logo as an address that holds it whole; empty: there is none."""
    from markupsafe import Markup

    for name, kind in LOGOS.items():
        path = None if folder is None else folder / name
        if path is None or not path.exists():
            continue
        content = read_bytes(path)
        if len(content) > LARGEST_LOGO or not _BEGINS[name].match(content):
            raise CannotRead(
                what=f"{name} cannot be the page's logo",
                where=str(path),
                why=f"it has {len(content)} octets, and stands in every page"
                if len(content) > LARGEST_LOGO
                else "it does not begin as such a picture does",
                fix=f"save it again as {name[-3:].upper()}, with at most {LARGEST_LOGO // 1024} KiB",
            )
        return Markup(f"data:{kind};base64,{b64encode(content).decode()}")  # noqa: S704 - no < and no quote in it
    return ""


# The colours


def contrast(one: str, other: str) -> float:
    """Return how far two colours can be told from each other, 1 to 21, as WCAG 2.2 counts it."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colours(folder: Path | None) -> Colours:
    """Return the colours, those of the clinic in place of ours."""
    path = None if folder is None else folder / COLOURS
    if path is None or not path.exists():
        return _own_colours()
    table = tomlfile.load(path)
    found = {scheme: _read_scheme(table, scheme, ours) for scheme, ours in _own_colours().items()}
    table.done()
    return found


@cache
def _own_colours() -> Colours:
    return dict(tomlfile.parse(_shipped(COLOURS), COLOURS).values)


def _read_scheme(table: Table, scheme: str, ours: dict[str, str]) -> dict[str, str]:
    """Read the colours of one scheme; text has to be readable in them."""
    section = table.table(scheme)
    if section is None:
        return ours
    given = set(section.values)
    own = {name: section.take(name, str, colour) for name, colour in ours.items()}
    for name, colour in own.items():
        section.read(name, _check_colour, colour)
    section.done()
    for front, behind in product(("text", "quiet", "accent"), ("paper", "tint")):
        if (found := contrast(own[front], own[behind])) < READABLE:
            raise InvalidInput(
                what=f"{front} {own[front]} cannot be read on {behind} {own[behind]}",
                where=section.where(front if front in given else behind),
                why=f"its contrast is {found:.1f} to 1, and WCAG 2.2 asks {READABLE} to 1 of text",
                fix="choose a darker or a lighter one" if front in given else f"give {front} as well",
            )
    return own


def _check_colour(text: str) -> None:
    if not _COLOUR.fullmatch(text):
        raise InvalidInput(
            what=f"{text[:40]!r} is not a colour",
            why="red, green and blue are two digits each, from 00 to ff",
            fix='write it as "#0b5560"',
        )
