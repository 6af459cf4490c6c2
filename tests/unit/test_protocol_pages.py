"""
The pages about protocols show what the files say.

Run this file as a script, with PYTHONPATH=tests, to write the tables of docs/explanation/evidence.md
anew; a person reads the diff.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

from ketsched.house import house_numbers
from ketsched.model import Anchor
from ketsched.planning.layout import lay_out
from ketsched.protocols import protocol_ids, read_protocol
from ketsched.tomlfile import parse
from protocolfiles import SCHEMA, values_of

DOCS = Path(__file__).parents[2] / "docs"
EVIDENCE = DOCS / "explanation" / "evidence.md"
OWN = DOCS / "how-to" / "own-protocol.md"
COMPANIONS = DOCS / "reference" / "appointments.md"


def tables() -> str:
    """Return the tables of the evidence page, one for each shipped protocol, and the list of sources."""
    parts, sources = [], dict[str, str]()
    for protocol_id in protocol_ids():
        values = values_of(protocol_id)
        sources |= values["sources"]
        parts += [f"### {protocol_id}", values["title"] + "."]
        parts += [f"> {values['study']}"]
        parts += [values["note"]] if values.get("note") else []
        for phase in values["phase"]:
            name = phase.get("name", phase["kind"])
            where = f"{phase.get('route', 'intravenous')}, {phase.get('place', 'clinic')}"
            beside = f", beside {phase['beside']}" if "beside" in phase else ""
            parts += [f"**{name}** ({where}{beside})", table_of(phase)]
        for companion in values["companion"]:
            need = "required" if companion.get("required") else "recommended"
            parts += [f"**{companion['title']}** (`{companion['id']}`, {companion['kind']}, {need})"]
            parts += [table_of(companion)]
    parts += ["### Numbers that are no protocol's", NO_PROTOCOLS, table_of_the_house()]
    listed = "\n".join(f"- `{key}`: {reference}" for key, reference in sorted(sources.items()))
    return "\n\n".join([*parts, "### Sources", listed]) + "\n"


NO_PROTOCOLS = (
    "Rules and plans that hold for all protocols read these from `house.toml` in the installed package."
)


def table_of_the_house() -> str:
    rows = ["| number | value | mark | source | note |", "| --- | --- | --- | --- | --- |"]
    for one in house_numbers().values():
        value = f"{one.value}" + ("" if one.unit == "local time" else f" {one.unit}")
        rows.append(f"| {one.what} | {value} | {one.mark} | {one.source} | {one.note} |")
    return "\n".join(rows)


def table_of(section: dict) -> str:
    rows = ["| number | value | mark | source | note |", "| --- | --- | --- | --- | --- |"]
    for key, value in section.items():
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                sources = ", ".join(f"`{s.strip()}`" for s in entry.get("source", "").split(",") if s)
                said = shown(entry) if key != "anchor" else counted_from(entry)
                name = "counted from" if key == "anchor" else key.replace("_", " ")
                cells = (name, said, entry.get("mark", ""), sources, entry.get("note", ""))
                rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def counted_from(entry: dict) -> str:
    return Anchor(
        **{key: value for key, value in entry.items() if key not in ("source", "mark", "note")}
    ).words()


def from_anchor(day: int) -> str:
    if not day:
        return "the same day"
    return f"{abs(day)} day{'s' * (abs(day) > 1)} {'before' if day < 0 else 'after'}"


def shown(entry: dict) -> str:
    """Say an entry's values with their units."""
    if "earliest" in entry:
        first, best, last = (from_anchor(entry[key]) for key in ("earliest", "recommended", "latest"))
        return first if first == last else f"{first} to {last}, best {best}"
    if "propose" in entry:
        return proposed(entry)
    said = [worded(entry["value"])] if "value" in entry else []
    if "what" in entry:
        said = [f"{entry['what']}: {said[0]}"]
    if "apart" in entry:
        said.append(f"at most {entry['apart']} in {entry['minimum']} days")
    for key in ("least", "most", "ideal"):
        if key in entry:
            said.append(
                f"{key} {entry[key]}" + (" days" if key == "ideal" and isinstance(entry[key], int) else "")
            )
    for key in ("minimum", "latest"):
        if key in entry and "apart" not in entry:
            said.append(f"{key} {entry[key]} day" + ("" if entry[key] == 1 else "s"))
    if entry.get("required") is False:
        said.append("preferred")
    return ", ".join(said)


def proposed(band: dict) -> str:
    days = f"day {band['from']} to {band['until']}" if "until" in band else f"from day {band['from']} on"
    what = band["propose"] + (f", {band['repeat']} sessions" if "repeat" in band else "")
    return f"{days}: {what}" + (f"; if worse: {band['if_worse']}" if "if_worse" in band else "")


def worded(value) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    units = {"D": "days", "W": "weeks", "M": "months"}
    if isinstance(value, str) and (found := re.fullmatch(r"P(\d+)([DWM])", value)):
        return f"{found[1]} {units[found[2]]}"
    if isinstance(value, str) and (found := re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?", value)):
        return " ".join(f"{n} {unit}" for n, unit in ((found[1], "h"), (found[2], "min")) if n)
    return str(value)


BEGIN, END = "<!-- tables: begin -->\n\n", "\n<!-- tables: end -->"


def test_the_evidence_page_shows_what_the_files_say():
    """Run this file as a script to write the tables anew."""
    page = EVIDENCE.read_text(encoding="utf-8")
    assert page.split(BEGIN)[1].split(END)[0] == tables()


def test_the_example_of_the_how_to_loads():
    text = OWN.read_text(encoding="utf-8")
    (whole,) = [
        block for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if block.startswith("id = ")
    ]
    SCHEMA.validate(tomllib.loads(whole))
    protocol = read_protocol(parse(whole, "riverside-2xw.toml"))
    days = [date.fromordinal(day) for day in lay_out(protocol, date(2027, 1, 5)).nominal]
    assert days[:6] == [date(2027, 1, day) for day in (5, 8, 12, 15, 19, 22)]
    assert days[6:9] == [date(2027, 2, 5), date(2027, 2, 19), date(2027, 3, 19)]


def test_the_pages_explain_every_key():
    text = "".join(page.read_text(encoding="utf-8") for page in (OWN, COMPANIONS))
    named = set(SCHEMA.schema["properties"])
    for definition in SCHEMA.schema["$defs"].values():
        for key, part in definition.get("properties", {}).items():
            named |= {key, *part.get("properties", {}), *part.get("items", {}).get("properties", {})}
    assert {key for key in named if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", text)} == set()


if __name__ == "__main__":
    page = EVIDENCE.read_text(encoding="utf-8")
    EVIDENCE.write_text(page.split(BEGIN)[0] + BEGIN + tables() + END + page.split(END)[1], encoding="utf-8")
