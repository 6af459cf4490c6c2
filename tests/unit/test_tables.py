"""Tables of a course: as CSV for people, programs and calendar programs, and as a workbook."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time
from typing import Any

import attrs
import openpyxl
import pytest

import ketsched as ks
from ketsched.errors import CannotRead, CannotWrite
from ketsched.interchange import dumps, tables, workbook
from ketsched.interchange.ical import to_icalendar
from ketsched.languages import Contact
from ketsched.model import BookingStatus, Visit
from ketsched.words.wording import Publication
from making import clinic, jan

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
CLINIC: dict[str, Any] = {"audience": "clinic", "privacy": "full"}
HOSTILE = (
    *("=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r\n=1", "＝1", "＋1", "－1", "＠1", " =1"),
    *('"', '";=1', "a,b", "a\nb", "<script>", "javascript:alert(1)", "|^~\\&", "‮abc", "💊", "x" * 9_000),
)


def course() -> ks.Course:
    """iv-mwf-6 from Monday 4 January 2027 at ten, at a clinic in London."""
    planned = ks.plan(
        ks.load_protocol("iv-mwf-6"),
        start=jan(4),
        calendar=clinic(zone="Europe/London"),
        time=time(10),
        id="G",
        at=AT,
    )
    return attrs.evolve(planned, contact=Contact(telephone="020 7946 0018", address="1 Quay Street"))


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def of(suffix: str, held: ks.Course | None = None, **options: Any) -> list[dict[str, str]]:
    return read(dumps(held or course(), suffix, **options))


def sheets(content: bytes) -> dict[str, list[tuple[object, ...]]]:
    return {sheet.title: list(sheet.values) for sheet in openpyxl.load_workbook(io.BytesIO(content))}


def test_a_table_says_what_the_calendar_says():
    rows = of("a.csv", privacy="named")
    assert rows[2] == {
        "Date": "2027-01-04",
        "Day": "Monday",
        "From": "10:00",
        "To": "12:00",
        "What": "Treatment session 1 of 6",
        "Where": "1 Quay Street",
        "Please note": "Please arrive at 10:00. The appointment ends at about 12:00.\n"
        "Please tell us by Friday 1 January who will take you home.\n"
        "Please arrange for someone to take you home.\n"
        "Please do not drive until 11:00 on Tuesday 5 January.\n"
        "Take it easy for the rest of the day.\n"
        "All times are London time.\n"
        "Times may change. If you cannot come or are unsure, please call 020 7946 0018.",
    }
    assert [row["Date"] for row in of("a.sessions.csv", **CLINIC)] == [
        f"2027-01-{day:02}" for day in (4, 6, 8, 11, 13, 15)
    ]


@pytest.mark.parametrize(
    "suffix", ["csv", "sessions.csv", "appointments.csv", "plain.csv", "google.csv", "outlook.csv"]
)
def test_a_default_table_tells_nothing(suffix):
    text = dumps(course(), f"a.{suffix}").decode().casefold()
    for secret in (
        "ketamin",
        "infusion",
        "treatment",
        "depression",
        "1 quay",
        "screening",
        "ketsched",
        "of 6",
    ):
        assert secret not in text
    assert "020 7946 0018" in text or suffix == "plain.csv"


def test_headings_and_days_are_in_the_reader_s_language():
    rows = of("a.csv", language="de")
    assert list(rows[0]) == ["Datum", "Tag", "Von", "Bis", "Was", "Wo", "Bitte beachten"]
    assert {row["Tag"] for row in rows if row["Datum"] == "2027-01-04"} == {"Montag"}
    assert list(of("a.csv", language="es", audience="clinic")[0])[6:8] == ["Sillón", "Código"]


def test_a_program_gets_codes_and_moments():
    row = next(row for row in of("a.plain.csv", **CLINIC) if row["id"] == "s4")
    assert {key: row[key] for key in row if key not in ("uid", "title")} == {
        "kind": "session",
        "number": "4",
        "of": "6",
        "phase_or_companion": "induction",
        "date": "2027-01-11",
        "start": "10:00",
        "end": "12:00",
        "zone": "Europe/London",
        "starts_at": "2027-01-11T10:00:00Z",
        "ends_at": "2027-01-11T12:00:00Z",
        "minutes": "120",
        "place": "1 Quay Street",
        "chair": "1",
        "status": "firm",
        "sequence": "0",
        "id": "s4",
        "course": "G",
    }
    assert row["uid"].encode() in dumps(course(), "ics")
    assert not dumps(course(), "plain.csv").startswith(b"\xef\xbb\xbf")


def test_what_a_calendar_program_imports():
    google, outlook = of("a.google.csv")[1:3], of("a.outlook.csv")[2]
    assert [{key: row[key] for key in list(row)[:6]} for row in google] == [
        {
            "Subject": "Reminder",
            "Start Date": "01/01/2027",
            "Start Time": "",
            "End Date": "01/01/2027",
            "End Time": "",
            "All Day Event": "True",
        },
        {
            "Subject": "Appointment",
            "Start Date": "01/04/2027",
            "Start Time": "10:00 AM",
            "End Date": "01/04/2027",
            "End Time": "12:00 PM",
            "All Day Event": "False",
        },
    ]
    assert {row["Private"] for row in of("a.google.csv")} == {"True"}
    assert (outlook["All day event"], outlook["Sensitivity"], outlook["Show time as"]) == (
        "False",
        "Private",
        "2",
    )


def test_what_is_off_is_not_imported_and_is_listed():
    held = course()
    off = tuple(
        attrs.evolve(s, status=BookingStatus.CLOSED if s.id == "s6" else s.status) for s in held.sessions
    )
    held = attrs.evolve(held, sessions=off)
    assert "01/15/2027" not in {row["Start Date"] for row in of("a.google.csv", held)}
    said = [row["What"] for row in of("a.csv", held) if row["Date"] == "2027-01-15" and row["From"]]
    assert said == ["Cancelled: Appointment"]


def test_visits_are_the_clinic_s_and_notes_where_all_is_told():
    held = attrs.evolve(
        course(), visits=(Visit(jan(4), session="s1", id="v1", note="asked for tea", who="Nurse B"),)
    )
    rows = of("a.visits.csv", held, audience="clinic")
    assert [(row["Date"], row["Status"], row["Session"], row["Number"]) for row in rows] == [
        ("2027-01-04", "fulfilled", "s1", "1")
    ]
    assert "Note" not in rows[0]
    assert of("a.visits.csv", held, **CLINIC)[0]["Note"] == "asked for tea"


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("visits.csv", {}),
        ("findings.csv", {}),
        ("findings.csv", {"audience": "clinic"}),
        ("findings.csv", {"privacy": "full"}),
    ],
)
def test_what_is_for_the_clinic_alone(suffix, options):
    with pytest.raises(CannotWrite, match="for the clinic"):
        dumps(course(), suffix, **options)


def test_findings():
    found = ks.check(course())
    rows = of("a.findings.csv", findings=found, **CLINIC)
    assert [row["Code"] for row in rows] == [one.code for one in found]
    assert {row["Severity"] for row in rows} <= {"error", "warning", "info"}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("suffix", ["csv", "plain.csv", "xlsx"])
def test_a_hostile_text_makes_no_formula_row_or_column(text, suffix):
    first, *others = course().sessions
    held = attrs.evolve(course(), sessions=(attrs.evolve(first, place=text), *others))
    content = dumps(held, suffix, **CLINIC)
    if suffix == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
        return
    rows = of(suffix, held, **CLINIC)
    assert len(rows) == len(of(suffix, **CLINIC))
    first_row = next(row for row in rows if "2027-01-04" in row.values())
    place = first_row["Where" if suffix == "csv" else "place"]
    if suffix == "csv":
        assert not place.lstrip(" ").startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert " ".join(place.removeprefix("'").split()) == " ".join(text.split())


def test_a_workbook_has_real_dates_and_a_sheet_for_each_table():
    held = attrs.evolve(course(), visits=(Visit(jan(4), id="v1"),))
    found = sheets(dumps(held, "xlsx", findings=ks.check(held), **CLINIC))
    assert list(found) == ["Treatment sessions", "Appointments", "Visits", "Findings"]
    assert found["Treatment sessions"][1][:5] == (
        datetime(2027, 1, 4),  # noqa: DTZ001 - a cell has no zone
        "Monday",
        time(10),
        time(12),
        "Infusion 1 of 6",
    )
    assert list(sheets(dumps(held, "xlsx"))) == ["Appointments"]
    sheet = openpyxl.load_workbook(io.BytesIO(dumps(held, "xlsx")))["Appointments"]
    assert sheet.freeze_panes == "A2"
    assert sheet.print_area == f"'Appointments'!$A$1:$G${sheet.max_row}"
    assert sheet.print_title_rows == "$1:$1"


def test_a_workbook_names_nobody_and_is_the_same_every_time():
    content = dumps(course(), "xlsx")
    assert content == dumps(course(), "xlsx")
    properties = openpyxl.load_workbook(io.BytesIO(content)).properties
    assert (properties.creator or "", properties.title, properties.created) == (
        "",
        None,
        datetime(2026, 12, 1, 9),  # noqa: DTZ001 - likewise
    )
    assert b"ketsched" not in content


def test_a_text_that_no_cell_holds_is_refused():
    table = tables.Table("Long", ("A",), (("x" * 32_768,),))
    with pytest.raises(CannotWrite, match="32768 characters"):
        workbook.workbook([table])
    assert sheets(workbook.workbook([tables.Table("Long", ("A",), (("x" * 32_767,),))]))["Long"][1] == (
        "x" * 32_767,
    )


def test_sheets_of_one_title_are_numbered():
    one = tables.Table("Appointments", ("Date",), ((date(2027, 1, 4),),))
    assert list(sheets(workbook.workbook([one, one]))) == ["Appointments", "Appointments 2"]


def test_tables_cannot_be_read_back():
    with pytest.raises(CannotRead, match="cannot be read back"):
        ks.loads("x", "csv")


@pytest.mark.parametrize("protocol_id", ks.protocol_ids())
def test_every_format_lists_the_same(protocol_id):
    held = ks.plan(
        ks.load_protocol(protocol_id), start=jan(4), calendar=clinic(), time=time(10), id="G", at=AT
    )
    for options in ({}, {"privacy": "named"}, CLINIC):
        publication = Publication(**options)
        people = tables.booked(held, publication)
        program = tables.plain(held, publication)
        events = to_icalendar(held, **options).walk("VEVENT")
        listed = {(row[0], row[2], row[4]) for row in people.rows}
        for event in events:
            start: Any = event["DTSTART"].dt
            day, hour = (start.date(), start.time()) if isinstance(start, datetime) else (start, None)
            assert (day, hour, str(event["SUMMARY"])) in listed
        assert {(row[6], row[7]) for row in program.rows} <= {(row[0], row[2]) for row in people.rows}
