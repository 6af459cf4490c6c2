"""Files of visits: our own in TOML, and what other programs export as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, time
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from ketsched.errors import InvalidTime, KetschedError
from ketsched.model import MOST_VISITS, Happened, Visit
from ketsched.visitfile import ColumnMap, Meaning, VisitFile, load_columns, load_visits
from ketsched.visitfile.columns import OWN_NAMES

JAN = [date(2027, 1, day) for day in range(1, 32)]
"""JAN[3] is Monday 4 January 2027."""
ENTRY = '[[visit]]\nday = 2027-01-14\nstatus = "fulfilled"\n'


@pytest.fixture
def load(tmp_path):
    """Write a file and read the visits in it."""

    def loading(content: str | bytes, suffix: str = ".csv", **asked: object) -> VisitFile:
        path = tmp_path / f"visits{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_visits(path, **asked)

    return loading


@pytest.fixture
def columns(tmp_path):
    """Write a column map and read it."""

    def loading(text: str) -> ColumnMap:
        path = tmp_path / "columns.toml"
        path.write_text(text, encoding="utf-8")
        return load_columns(path)

    return loading


def refused(call, *parts: str) -> str:
    """What was said when something was refused, in which these parts stand."""
    with pytest.raises(KetschedError) as caught:
        call()
    said = str(caught.value)
    for part in parts:
        assert part in said, said
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
    return said


def unused(found: VisitFile) -> list[tuple[int, str]]:
    return [(row.line, row.why) for row in found.unused]


# TOML.


def test_all_that_a_visit_may_say(load):
    found = load(
        '[[visit]]\nday = 2027-01-14\nstatus = "no-show"\nsession = "s4"\ntime = "9:00"\nid = "v4"\n'
        '[[visit]]\nday = 2027-01-14\nstatus = "cancelled"\nby = "patient"\nid = "v5"\ncorrects = "v4"\n'
        '[[visit]]\nday = 2027-01-18\nstatus = "stopped early"\ncounts = false\nelsewhere = true\n'
        'route = "nasal"\nworse = true\nnote = "two\\nlines"\nwho = "Dr A"\n',
        ".toml",
    )
    assert found == VisitFile(
        (
            Visit(JAN[13], "no-show", session="s4", at=time(9), id="v4"),
            Visit(JAN[13], "cancelled", by="patient", id="v5", corrects="v4"),
            Visit(
                JAN[17],
                "stopped early",
                counts=False,
                elsewhere=True,
                route="nasal",
                worse=True,
                note="two\nlines",
                who="Dr A",
            ),
        )
    )


@pytest.mark.parametrize("status", list(Happened))
def test_every_status_has_its_word(load, status):
    text = f'[[visit]]\nday = 2027-01-14\nstatus = "{status.value}"\ncorrects = "v1"\n'
    assert load(text, ".toml").visits[0].status is status


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["no visit in visits.toml"]),
        ("[[visit]]\nday = 2027-01-14\n", ["status is missing", "line 1, visit 1"]),
        (
            '[[visit]]\nday = 2027-01-14\nstatus = ""\n',
            ["no status", "line 3, visit 1 status", "nothing is assumed"],
        ),
        ('[[visit]]\nday = 2027-01-14\nstatus = "given"\n', ["the status 'given'", "line 3", "fulfilled"]),
        ("[[visit]]\nday = 2027-01-14\nstatus = true\n", ["status is true or false", "line 3"]),
        ('[[visit]]\nstatus = "fulfilled"\n', ["day is missing", "line 1"]),
        ('[[visit]]\nday = "2027-01-14"\nstatus = "fulfilled"\n', ["day is the text", "line 2"]),
        ('[[visit]]\nday = 2027-01-14T09:00:00\nstatus = "fulfilled"\n', ["line 2, visit 1 day"]),
        ('[[visit]]\nday = 1027-01-14\nstatus = "fulfilled"\n', ["not a day to plan on", "line 2"]),
        (ENTRY + 'time = "25:00"\n', ["not a time of day", "line 4, visit 1 time"]),
        (ENTRY + "time = 9\n", ["time is the number 9", "line 4"]),
        (ENTRY + 'elsewhere = "yes"\n', ["elsewhere is the text", "line 4"]),
        (ENTRY + "counts = 1\n", ["counts is the number 1", "line 4"]),
        (ENTRY + 'by = "patient"\n', ["cancelled by somebody", "line 1, visit 1"]),
        (ENTRY + 'sesion = "s1"\n', ["unknown key 'sesion'", "line 4", "did you mean session?"]),
        (ENTRY + 'id = "v1"\n' + ENTRY + 'id = "v1"\n', ["two visits of one id", "line 8, visit 2 id"]),
        (ENTRY + 'note = "\\u0007"\n', ["note holds a control character", "line 4"]),
        ("visit = 5\n", ["visit is the number 5", "line 1"]),
        ("zone = 'Europe/Berlin'\n" + ENTRY, ["unknown key 'zone'", "line 1"]),
        (ENTRY + "day = 2027-01-15\n", ["this is not TOML", "line 4"]),
    ],
)
def test_a_fault_in_a_file_of_ours_is_said_with_its_line(load, text, parts):
    refused(lambda: load(text, ".toml"), *parts)


def test_two_entries_without_an_id_are_two(load):
    assert len(load(ENTRY + ENTRY, ".toml").visits) == 2


def test_a_time_that_the_zone_does_not_have_is_refused_if_the_zone_is_known(load):
    text = '[[visit]]\nday = 2027-03-28\nstatus = "fulfilled"\ntime = "02:30"\n'
    assert load(text, ".toml").visits[0].at == time(2, 30)
    refused(lambda: load(text, ".toml", zone="Europe/Berlin"), "02:30 does not happen", "line 4")


def test_a_file_of_ours_takes_no_columns_and_no_patient(load):
    columns = ColumnMap(columns={"day": "a", "status": "b"})
    refused(lambda: load(ENTRY, ".toml", columns=columns), "columns given with visits.toml")
    refused(lambda: load(ENTRY, ".toml", patient="A-017"), "patient given with visits.toml")


def test_as_many_visits_as_a_course_remembers_and_one_more(load):
    entry = '[[visit]]\nday=2027-01-14\nstatus="fulfilled"\n'
    assert len(load(entry * MOST_VISITS, ".toml").visits) == MOST_VISITS
    refused(lambda: load(entry * (MOST_VISITS + 1), ".toml"), "too many visits", str(MOST_VISITS))


@pytest.mark.parametrize("suffix", [".xlsx", ".txt", "", ".ics"])
def test_other_suffixes_are_refused(load, suffix):
    refused(lambda: load("", suffix), "no reader for", "save a spreadsheet as CSV")


def test_a_zone_that_does_not_exist_is_refused(load):
    with pytest.raises(InvalidTime):
        load(ENTRY, ".toml", zone="Mars/Olympus")


@pytest.mark.parametrize("name", ["missing.toml", "missing.csv", "nul\0.csv", "nul\0.toml", "folder.csv"])
def test_what_cannot_be_opened(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    refused(lambda: load_visits(tmp_path / name))


# CSV without a map.


def test_our_own_names_and_words(load):
    found = load(
        "Date,STATUS,At,Session,Elsewhere,Counts,By,Route,Worse,Note,Id,Corrects,Who,Other\n"
        "2027-01-04,fulfilled,9:00,s1,,yes,,,,,v1,,Dr A,x\n"
        "2027-01-07,No Show,,s2,,,,,,,v2,,,\n"
        "2027-01-11,canceled,,s3,,,Patient,,,,v3,,,\n"
        '2027-01-14,STOPPED_EARLY,09:30:00,s4,Y,no,,nasal,1,"so, he said",v4,,,\n'
        "2027-01-14,withdrawn,,,,,,,,,v5,v2,,\n"
    )
    assert found == VisitFile(
        (
            Visit(JAN[3], session="s1", at=time(9), counts=True, id="v1", who="Dr A"),
            Visit(JAN[6], "no-show", session="s2", id="v2"),
            Visit(JAN[10], "cancelled", session="s3", by="patient", id="v3"),
            Visit(
                JAN[13],
                "stopped early",
                session="s4",
                at=time(9, 30),
                counts=False,
                elsewhere=True,
                worse=True,
                route="nasal",
                note="so, he said",
                id="v4",
            ),
            Visit(JAN[13], "withdrawn", id="v5", corrects="v2"),
        )
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(load, delimiter):
    text = 'day,status,note\n2027-01-04,fulfilled,"a,b;c"\n'
    rows = csv.reader(io.StringIO(text))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    assert load(out.getvalue()).visits == (Visit(JAN[3], note="a,b;c"),)


def test_a_tsv_file_is_read(load):
    assert load("day\tstatus\n2027-01-04\tfulfilled\n", ".tsv").visits == (Visit(JAN[3]),)


LINES = ["day;status;note", "2027-01-04;fulfilled;Zoë", "2027-01-07;no-show;"]
EXPECTED = (Visit(JAN[3], note="Zoë"), Visit(JAN[6], "no-show"))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_marks(load, ending, encoding):
    found = load((ending.join([*LINES, "2027-13-01;fulfilled;"]) + ending).encode(encoding))
    assert found.visits == EXPECTED
    assert unused(found) == [(4, "column 1 (day) is not a date as expected")]


def test_utf_16_with_the_other_mark(load):
    assert load(b"\xfe\xff" + "\n".join(LINES).encode("utf-16-be")).visits == EXPECTED


@pytest.mark.parametrize("stated", ["utf-8", "utf-16", "cp1252"])
def test_a_stated_encoding(load, stated):
    columns = ColumnMap(columns={"day": "day", "status": "status", "note": "note"}, encoding=stated)
    codec = {"utf-16": "utf-16-le"}.get(stated, stated)
    assert load("\n".join(LINES).encode(codec), columns=columns).visits == EXPECTED
    # The mark of a file tells more than the map.
    assert load("\n".join(LINES).encode("utf-8-sig"), columns=columns).visits == EXPECTED


def test_an_encoding_that_nobody_stated_is_not_guessed(load):
    said = refused(lambda: load("\n".join(LINES).encode("cp1252")), "not UTF-8 text", "line 2", "cp1252")
    assert "Zo" not in said


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"PK\x03\x04rest of a workbook", "it is a workbook"),
        (b"\xd0\xcf\x11\xe0rest of an old one", "it is a workbook"),
        ("\n".join(LINES).encode("utf-16-le"), "zero bytes"),
        (b"day,status\n2027-01-04,ful\0filled\n", "zero bytes"),
    ],
)
def test_what_is_no_text(load, content, part):
    refused(lambda: load(content), "is not text", part, "save it as CSV in UTF-8")


def test_the_largest_file_and_one_byte_more(load):
    head = b"day,status\n2027-01-04,fulfilled\n"
    largest = 10 * 1024 * 1024
    blank = (b" " * 999 + b"\n") * (largest // 1000 + 1)
    whole = head + blank[: largest - len(head)]
    assert load(whole).visits == (Visit(JAN[3]),)
    refused(lambda: load(whole + b"\n"), "too large", "10 MiB")


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_the_line_with_which_excel_names_the_delimiter(load, first):
    found = load("\r\n".join([first, *LINES, "2027-01-08;;"]))
    assert found.visits == EXPECTED
    assert unused(found) == [(5, "no status in column 2 (status)")]


def test_a_messy_export(load, columns):
    """Titles above, the header again on the next page, subtotals, blank lines, cells that spreadsheets dressed up."""
    text = (
        "Visits by status,,,,\r\n"
        "Printed 31 Jan,,,,\r\n"
        ",,,,\r\n"
        "Patient ID, Appt  Date ,Status,Remarks,\r\n"
        '="0017",="2027-01-04",Completed , first ,\r\n'
        "'0017,'2027-01-07,NO SHOW,=cmd|' /C calc'!A0,,\r\n"
        "\r\n"
        "Patient ID, Appt  Date ,Status,Remarks,\r\n"
        '0017,"2027-01-11",completed,"line one\r\nline two, with ""quotes""",\r\n'
        "0017,2027-01-14,Canceled by pt,+31 20 5550100\r\n"
        "0017 ,\u00a02027-01-18\u00a0,LWBS,@home,\r\n"
        "0017,2027-01-21,Scheduled,,\r\n"
        "0099,never,Weird,,\r\n"
        "   ,  ,  ,,\r\n"
        "Total,5,,,\r\n"
        ",Grand total: 5,,,"
    )
    columns = columns(
        '[columns]\nday = "Appt Date"\nstatus = "Status"\npatient = "patient id"\nnote = "Remarks"\n'
        '[status]\nCompleted = "fulfilled"\n"No Show" = "no-show"\nLWBS = "cancelled"\n'
        '"Canceled by pt" = { status = "cancelled", by = "patient" }\nScheduled = "ignore"\n'
    )
    found = load(text, columns=columns, patient="0017")
    assert found.visits == (
        Visit(JAN[3], note="first"),
        Visit(JAN[6], "no-show", note="=cmd|' /C calc'!A0"),
        Visit(JAN[10], note='line one\nline two, with "quotes"'),
        Visit(JAN[13], "cancelled", by="patient", note="+31 20 5550100"),
        Visit(JAN[17], "cancelled", note="@home"),
    )
    assert found.unused == ()
    assert found.passed == {
        "above the header": 2,
        "the header again": 1,
        "no visit yet": 1,
        "of another patient": 1,
        "a total": 2,
    }


def test_line_numbers_are_those_of_an_editor(load):
    found = load(
        "day,status,note\n"  # 1
        "\n"  # 2
        '2027-01-04,fulfilled,"one\ntwo\n\nfour"\n'  # 3 to 6
        "x,fulfilled,\n"  # 7
        '2027-01-07,"","a\r\nb"\n'  # 8 and 9
        "\n\n"  # 10 and 11
        "2027-01-11,what,\n"  # 12
    )
    assert found.visits == (Visit(JAN[3], note="one\ntwo\n\nfour"),)
    assert [row.line for row in found.unused] == [7, 8, 12]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",fulfilled", "no date in column 1 (day)"),
        ("2027-02-29,fulfilled", "column 1 (day) is not a date as expected"),
        ("01/04/2027,fulfilled", "column 1 (day) is not a date as expected"),
        ("46391,fulfilled", "column 1 (day) is not a date as expected"),
        ("1969-12-31,fulfilled", "column 1 (day) is not a day to plan on"),
        ("2200-01-01,fulfilled", "column 1 (day) is not a day to plan on"),
        ("2027-01-07,", "no status in column 2 (status)"),
        ("2027-01-07", "no status in column 2 (status)"),
        ("2027-01-07,Mustermann", "an unknown status in column 2 (status)"),
        ("2027-01-07,fulfilled,25:00", "column 3 (time) is not a time as expected"),
        ("2027-01-07,fulfilled,9:30 AM", "column 3 (time) is not a time as expected"),
        ("2027-01-07,fulfilled,,,,perhaps", "column 6 (elsewhere) says neither yes nor no"),
        ("2027-01-07,fulfilled,,,,,perhaps", "column 7 (counts) says neither yes nor no"),
        ("2027-01-07,cancelled,,,,,,Mustermann", "column 8 (by) does not say who cancelled"),
        ("2027-01-07,fulfilled,,,,,,patient", "the record contradicts itself"),
        ("2027-01-07,no-show,,,,,yes", "the record contradicts itself"),
        ("2027-01-07,withdrawn", "the record contradicts itself"),
        ("2027-01-07,fulfilled,,s\x1b[2J", "a control character in column 4 (session)"),
        ('2027-01-07,fulfilled,,"s\n1"', "a control character in column 4 (session)"),
        ("2027-01-07,fulfilled,," + "s" * 256, "column 4 (session) is longer than 255 characters"),
        ("2027-01-07,fulfilled,,,a\x07b", "a control character in column 5 (note)"),
        ("2027-01-07,fulfilled,,,Muster,mann,,,,v9", "10 cells under a header of 9"),
        ('2027-01-07,fulfilled,,,"Max" Mustermann', "a quote in the middle of a cell"),
        ("2027-01-07,fulfilled,,," + "x" * 140_000, "a very long cell"),
        ("2027-01-07,fulfilled,,,,,,,v1", "the id in column 9 (id) is that of line 2"),
    ],
)
def test_a_row_that_cannot_be_used_is_handed_back(load, row, why):
    header = "day,status,time,session,note,elsewhere,counts,by,id\n"
    found = load(f"{header}2027-01-04,fulfilled,,,,,,,v1\n{row}\n2027-01-11,no-show\n")
    assert found.visits == (Visit(JAN[3], id="v1"), Visit(JAN[10], "no-show"))
    (bad,) = found.unused
    assert bad.line == 3
    assert why in bad.why
    assert bad.fix
    assert "Muster" not in bad.why + bad.fix
    assert "perhaps" not in bad.why + bad.fix


@pytest.mark.parametrize(
    "row",
    [
        "1970-01-01,fulfilled",
        "2199-12-31,fulfilled",
        "2027-01-07,fulfilled,,,,,,,,,",  # delimiters at the end
        "2027-01-07,fulfilled,," + "s" * 255,
        '2027-01-07,fulfilled,,,"Max ""the"" Mustermann"',
        '2027-01-07,fulfilled,,,"a\x0bb"',  # a line break of some databases
        "2027-01-07T09:00,fulfilled",
        "2027-01-07 00:00:00.000,fulfilled",
        " 2027-01-07 , fulfilled ",
    ],
)
def test_a_row_just_within_what_can_be_used(load, row):
    found = load(f"day,status,time,session,note,elsewhere,counts,by,id\n{row}\n")
    assert (len(found.visits), found.unused) == (1, ())


def test_an_unknown_status_is_never_taken_for_given(load):
    words = [
        "Arrived",
        "checked in",
        "ok",
        "done",
        "x",
        "?",
        "-",
        "TRUE",
        "1",
        "full filled!",
        "not fulfilled",
    ]
    found = load("day,status\n2027-01-04,no-show\n" + "".join(f"2027-01-07,{word}\n" for word in words))
    assert found.visits == (Visit(JAN[3], "no-show"),)
    assert len(found.unused) == len(words)


def test_a_blank_before_a_quote_is_no_part_of_the_cell(load):
    found = load('day, status, note\n2027-01-04, "fulfilled", "came, and left"\n')
    assert found.visits == (Visit(JAN[3], note="came, and left"),)


def test_a_quote_that_swallows_rows_is_found(load):
    head, good = "day,status,note\n2027-01-04,fulfilled,\n", '2027-01-18,fulfilled,"fine"\n'
    swallowing = '2027-01-07,fulfilled,"oops\n2027-01-11,fulfilled,x\n2027-01-14,fulfilled,y"\n'
    found = load(head + swallowing + good)
    assert found.visits == (Visit(JAN[3]), Visit(JAN[17], note="fine"))
    assert unused(found) == [(3, "a quote that opens in it swallows rows, to line 5")]


def test_a_note_of_several_lines_is_no_such_row(load):
    note = "first, second\nthird, fourth\n2027-01-09\n\nday,status"
    quoted = note.replace('"', '""')
    found = load(f'day,status,note\n2027-01-04,fulfilled,"{quoted}"\n')
    assert found.visits == (Visit(JAN[3], note=note),)


def test_a_quote_that_closes_in_the_middle_of_a_later_row(load):
    text = 'day,status,note\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,"oops\n2027-01-11,no-show,"x"\n'
    found = load(text + "2027-01-14,no-show,\n")
    assert found.visits == (Visit(JAN[3]), Visit(JAN[13], "no-show"))
    assert [row.line for row in found.unused] == [3]
    assert "reaches to line 4" in found.unused[0].why


def test_a_quote_that_never_closes_is_an_error(load):
    text = 'day,status,note\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,"oops\n2027-01-11,no-show,\n'
    refused(lambda: load(text), "a quote is never closed", "line 3")


def test_a_second_header_with_other_columns_is_an_error(load):
    text = "day,status,note\n2027-01-04,fulfilled,\n\nstatus,day,note\nfulfilled,2027-01-07,\n"
    refused(lambda: load(text), "a second header with other columns", "line 4", "split the file there")


def test_two_files_put_together_one_behind_the_other(load):
    text = "\ufeffday,status\r\n2027-01-04,fulfilled\r\n\ufeffday,status\r\n2027-01-07,no-show\r\n"
    found = load(text)
    assert found.visits == (Visit(JAN[3]), Visit(JAN[6], "no-show"))
    assert (found.unused, found.passed) == ((), {"the header again": 1})


def test_a_visit_above_the_header_is_not_lost(load):
    found = load("2027-01-04,fulfilled\ntitle,\nday,status\n2027-01-07,fulfilled\n")
    assert unused(found) == [(1, "a date above the header")]
    assert found.passed == {"above the header": 1}


@pytest.mark.parametrize(("rows", "found"), [(29, True), (30, False)])
def test_how_far_down_a_header_is_looked_for(load, rows, found):
    text = "title,x\n" * rows + "day,status\n2027-01-04,fulfilled\n"
    if found:
        assert load(text).visits == (Visit(JAN[3]),)
    else:
        refused(lambda: load(text), "no header with a column for day and one for status", "first 30 rows")


@pytest.mark.parametrize(
    ("row", "total"),
    [
        ("Total,,", True),
        ("Total: 12,,", True),
        (",,Grand Total", True),
        ("Summe;".replace(";", ","), True),
        ("Total,12,12", True),
        ("Total,fulfilled,", False),
        (",fulfilled,Total", False),
        ("2027-01-07,,Total", False),
        ("Totally fine,,", False),
        (",,remark", False),
    ],
)
def test_what_is_a_row_of_totals(load, row, total):
    found = load(f"day,status,note\n2027-01-04,fulfilled,\n{row}\n")
    assert len(found.unused) == (not total)
    assert found.passed == ({"a total": 1} if total else {})


def test_a_note_of_the_word_total_is_a_visit(load):
    assert load("note,day,status\nTotal,2027-01-04,fulfilled\n").visits == (Visit(JAN[3], note="Total"),)


# Files without anything to use.


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["no header with a column for day and one for status", "column map"]),
        ("\n\n", ["no header"]),
        ("2027-01-04,fulfilled\n", ["no header"]),
        ("day,state\n2027-01-04,fulfilled\n", ["no header"]),
        ("day,status\n", ["no visit in visits.csv can be used", "a header and no rows"]),
        ("day,status\nTotal,0\n", ["no visit", "its rows are: 1 a total"]),
        ("day,status\nx,fulfilled\n", ["no visit", "line 2: column 1 (day) is not a date", "2027-01-04"]),
        ("day,status\n" + "x,y\n" * 5, ["line 2: ", "line 3: ", "line 4: ", "and 2 more"]),
        (
            "day,date,status\n2027-01-04,2027-01-04,fulfilled\n",
            ["2 columns for day", "columns 1, 2", "line 1"],
        ),
        ("day,status,note,Note\n2027-01-04,fulfilled,,\n", ["2 columns for note", "columns 3, 4"]),
    ],
)
def test_a_file_that_cannot_be_used(load, text, parts):
    refused(lambda: load(text), *parts)


def test_the_first_row_is_not_repeated_where_the_header_is_missing(load):
    assert "Muster" not in refused(lambda: load("Mustermann,2027-01-04,fulfilled\n"))


def test_as_many_rows_as_a_course_remembers_and_one_more(load):
    header, row = "patient,day,status\n", "A,2027-01-04,fulfilled\n"
    other = "B,2027-01-04,fulfilled\n" * 5
    assert len(load(header + other + row * MOST_VISITS, patient="A").visits) == MOST_VISITS
    refused(lambda: load(header + row * (MOST_VISITS + 1)), "too many visits", str(MOST_VISITS))
    refused(lambda: load(header + row + "A,x,\n" * MOST_VISITS), "too many visits")


# Whose rows.


OF_ALL = (
    "patient,day,status\nA-1,2027-01-04,fulfilled\nB-2,2027-01-05,mystery\nA-1,2027-01-07,no-show\n"
    ",2027-01-08,fulfilled\n"
)


def test_the_rows_of_one_patient(load):
    found = load(OF_ALL, patient=" A-1 ")
    assert found.visits == (Visit(JAN[3]), Visit(JAN[6], "no-show"))
    assert found.passed == {"of another patient": 1}
    assert unused(found) == [(5, "no patient in column 1 (patient)")]


def test_several_patients_and_nobody_says_which(load):
    said = refused(lambda: load(OF_ALL), "rows of several patients", "line 3", "column 1 (patient)")
    assert "A-1" not in said
    assert "B-2" not in said


def test_one_patient_need_not_be_named(load):
    text = "".join(line for line in OF_ALL.splitlines(keepends=True) if not line.startswith(("B", ",")))
    assert len(load(text).visits) == 2


@pytest.mark.parametrize("other", ["a-1", "A-10", "A-", "1"])
def test_a_patient_that_is_not_in_the_file(load, other):
    said = refused(
        lambda: load(OF_ALL.replace(",2027-01-08,fulfilled\n", ""), patient=other), "of another patient"
    )
    assert "B-2" not in said


def test_a_patient_and_no_column_for_them(load):
    refused(
        lambda: load("day,status\n2027-01-04,fulfilled\n", patient="A-1"),
        "no column says whose row",
        "line 1",
    )


def test_thousands_of_rows_of_other_patients(load):
    rows = "".join(f"B-{n},,rubbish\n" for n in range(30_000))
    found = load("patient,day,status\n" + rows + "A-1,2027-01-04,fulfilled\n", patient="A-1")
    assert (len(found.visits), found.passed) == (1, {"of another patient": 30_000})


# Column maps.


LEAST = '[columns]\nday = "Appt Date"\nstatus = "Status"\n'


def test_the_least_that_a_map_says(columns):
    assert columns(LEAST) == ColumnMap(columns={"day": "Appt Date", "status": "Status"})


def test_all_that_a_map_says(columns):
    found = columns(
        '[columns]\nday = "D"\nstatus = "S"\ntime = "T"\npatient = "P"\n'
        '[format]\ndate = ["%m/%d/%Y", "iso"]\ntime = "%I:%M %p"\ndelimiter = "\\t"\nencoding = "cp1252"\n'
        '[status]\nCompleted = "fulfilled"\n"Partly" = { status = "stopped early", counts = false }\n'
        '"Pt cancel" = { status = "cancelled", by = "patient" }\nScheduled = "ignore"\n'
        '[by]\nPractice = "clinic"\nSystem = ""\n[yes]\nwords = ["J"]\n[no]\nwords = ["N"]\n'
    )
    assert found == ColumnMap(
        columns={"day": "D", "status": "S", "time": "T", "patient": "P"},
        dates=("%m/%d/%Y", "iso"),
        times=("%I:%M %p",),
        delimiter="\t",
        encoding="cp1252",
        statuses={
            "Completed": Meaning(Happened.FULFILLED),
            "Partly": Meaning(Happened.STOPPED_EARLY, counts=False),
            "Pt cancel": Meaning(Happened.CANCELLED, by="patient"),
            "Scheduled": None,
        },
        by={"Practice": "clinic", "System": ""},
        yes=("J",),
        no=("N",),
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["columns is missing", "[columns]"]),
        ("columns = 5\n", ["columns is the number 5", "line 1"]),
        ('[columns]\nday = "D"\n', ["no column for status", "line 1, columns"]),
        ('[columns]\nstatus = "S"\n', ["no column for day", "line 1, columns"]),
        ('[columns]\nday = "D"\nstatus = " "\n', ["a column without a header"]),
        ('[columns]\nday = "D"\nstatus = "d"\n', ["two things from one column"]),
        (LEAST + 'tiem = "T"\n', ["unknown key 'tiem'", "line 4", "did you mean time?"]),
        (LEAST + "time = 5\n", ["time is the number 5", "line 4"]),
        (LEAST + "[formt]\n", ["unknown key 'formt'", "line 4", "did you mean format?"]),
        (LEAST + '[format]\ndate = "DD.MM.YYYY"\n', ["not a whole date", "line 5, format date"]),
        (LEAST + '[format]\ndate = "%d.%m."\n', ["not a whole date", "line 5"]),
        (LEAST + '[format]\ndate = "%c"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndate = "%d.%m.%Y %d"\n', ["the same part twice", "line 5"]),
        (LEAST + '[format]\ndate = "%d.%m.%Y%"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndate = "%-d.%m.%Y"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndate = "%d.%m.%Y %I:%M"\n', ["which half of the day", "line 5"]),
        (LEAST + "[format]\ndate = []\n", ["no format", "line 5"]),
        (LEAST + '[format]\ndate = ["iso", 5]\n', ["line 5"]),
        (LEAST + "[format]\ndate = 5\n", ["date is the number 5", "line 5"]),
        (LEAST + '[format]\ntime = "%I:%M"\n', ["which half of the day", "line 5, format time"]),
        (LEAST + '[format]\ntime = "%M"\n', ["which half of the day", "line 5"]),
        (LEAST + '[format]\ntime = "%d %H:%M"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndelimiter = ":"\n', ["the delimiter ':'", "line 5, format delimiter"]),
        (LEAST + '[format]\ndelimiter = ";;"\n', ["the delimiter ';;'", "line 5"]),
        (LEAST + '[format]\nencoding = "latin"\n', ["the encoding 'latin'", "line 5", "cp1252"]),
        (LEAST + '[format]\ndates = "iso"\n', ["unknown key 'dates'", "line 5"]),
        (LEAST + '[status]\nDone = "given"\n', ["the status 'given'", "line 5, status Done"]),
        (LEAST + "[status]\nDone = 5\n", ["Done is the number 5", "line 5"]),
        (LEAST + '[status]\n"" = "ignore"\n', ["a blank word in status", "nothing is assumed"]),
        (
            LEAST + '[status]\nDone = "fulfilled"\n"DONE " = "no-show"\n',
            ["one word twice in status", "line 4"],
        ),
        (LEAST + '[status]\nDone = { by = "patient" }\n', ["status is missing", "line 5"]),
        (LEAST + '[status]\nDone = { status = "fulfilled", by = "patient" }\n', ["who cancelled", "line 5"]),
        (LEAST + '[status]\nGone = { status = "no-show", counts = true }\n', ["whether it counts", "line 5"]),
        (LEAST + '[status]\nGone = { status = "cancelled", by = "me" }\n', ["cancelled by 'me'", "line 5"]),
        (LEAST + '[status]\nGone = { status = "cancelled", who = "x" }\n', ["unknown key 'who'", "line 5"]),
        (LEAST + '[by]\nPractice = "us"\n', ["cancelled by 'us'", "line 4"]),
        (LEAST + '[yes]\nwords = ["N"]\n', ["one word twice in yes and no", "line 4"]),
        (LEAST + '[yes]\nwords = [""]\n', ["a blank word in yes and no", "line 4"]),
        (LEAST + "[no]\nword = []\n", ["words is missing"]),
    ],
)
def test_a_map_that_cannot_be_used(columns, text, parts):
    refused(lambda: columns(text), *parts)


def test_yes_and_no_may_change_places(columns):
    found = columns(LEAST + '[yes]\nwords = ["0"]\n[no]\nwords = ["1"]\n')
    assert (found.yes, found.no) == (("0",), ("1",))


def test_a_map_made_in_python_is_checked_too():
    refused(lambda: ColumnMap(columns={"day": "D", "status": "S", "dose": "E"}), "unknown column 'dose'")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ColumnMap(columns={"day": "D", "status": "S"}).encoding = "cp1252"


def with_formats(*dates: str, times: tuple[str, ...] = ("iso",), **more: object) -> ColumnMap:
    return ColumnMap(columns={"day": "d", "status": "s", **more}, dates=dates or ("iso",), times=times)


@pytest.mark.parametrize(
    ("dates", "cell", "day"),
    [
        (["%m/%d/%Y"], "01/04/2027", JAN[3]),
        (["%m/%d/%Y"], "1/4/2027", JAN[3]),
        (["%d.%m.%Y"], "04.01.2027", JAN[3]),
        (["%d.%m.%y"], "04.01.27", JAN[3]),
        (["%d-%b-%Y"], "04-Jan-2027", JAN[3]),
        (["%A, %B %d, %Y"], "Monday, January 04, 2027", JAN[3]),
        (["%Y%m%d"], "20270104", JAN[3]),
        (["%Y-%j"], "2027-004", JAN[3]),
        (["%m/%d/%Y", "iso"], "2027-01-04", JAN[3]),
        (["%m/%d/%Y", "%d/%m/%Y"], "01/14/2027", JAN[13]),
        (["%m/%d/%Y", "%d/%m/%Y"], "14/01/2027", JAN[13]),
        (["%m/%d/%Y", "%d/%m/%Y"], "01/01/2027", JAN[0]),  # the same day either way
    ],
)
def test_dates_as_the_map_says(load, dates, cell, day):
    found = load(f's,d\nfulfilled,"{cell}"\n', columns=with_formats(*dates))
    assert (found.visits, found.unused) == ((Visit(day),), ())


@pytest.mark.parametrize("turned", [False, True])
def test_a_date_that_two_formats_read_differently_is_refused(load, turned):
    dates = ["%m/%d/%Y", "%d/%m/%Y"]
    columns = with_formats(*(reversed(dates) if turned else dates))
    found = load("d,s\n01/14/2027,fulfilled\n01/02/2027,fulfilled\n", columns=columns)
    assert found.visits == (Visit(JAN[13]),)
    assert unused(found) == [(3, "column 1 (d) is 2 different days by the formats given")]


@pytest.mark.parametrize(
    ("columns", "row", "at"),
    [
        (with_formats(times=("%I:%M %p",), time="t"), "2027-01-04,fulfilled,2:15 PM", time(14, 15)),
        (with_formats(times=("%I:%M %p",), time="t"), "2027-01-04,fulfilled,12:15 AM", time(0, 15)),
        (with_formats(times=("%H%M",), time="t"), "2027-01-04,fulfilled,0915", time(9, 15)),
        (with_formats(times=("%H.%M", "iso"), time="t"), "2027-01-04,fulfilled,9:15:59", time(9, 15)),
        (with_formats(time="t"), "2027-01-04,fulfilled,", None),
        (with_formats(time="t"), "2027-01-04 09:15,fulfilled,", time(9, 15)),
        (with_formats(time="t"), "2027-01-04 09:15,fulfilled,09:15", time(9, 15)),
        (with_formats(time="t"), "2027-01-04 00:00:00,fulfilled,09:15", time(9, 15)),
        (with_formats(), "2027-01-04T09:15:30.5,fulfilled", time(9, 15)),
        (with_formats("%m/%d/%Y %I:%M:%S %p"), "1/4/2027 2:15:00 PM,fulfilled", time(14, 15)),
        (with_formats("%m/%d/%Y %H:%M"), "1/4/2027 00:00,fulfilled", None),
    ],
)
def test_times_as_the_map_says(load, columns, row, at):
    found = load(f"d,s,t\n{row}\n", columns=columns)
    assert (found.visits, found.unused) == ((Visit(JAN[3], at=at),), ())


def test_two_times_that_differ_are_refused(load):
    found = load(
        "d,s,t\n2027-01-04 09:15,fulfilled,09:15\n2027-01-04 09:15,fulfilled,09:16\n",
        columns=with_formats(time="t"),
    )
    assert unused(found) == [(3, "column 1 (d) and column 3 (t) give different times")]


def test_a_time_that_two_formats_read_differently_is_refused(load):
    columns = with_formats(times=("%H%M%S", "%S%M%H"), time="t")
    found = load("d,s,t\n2027-01-04,fulfilled,101010\n2027-01-04,fulfilled,101112\n", columns=columns)
    assert unused(found) == [(3, "column 3 (t) is 2 different times by the formats given")]


@pytest.mark.parametrize(
    ("cell", "zone", "day", "at"),
    [
        ("2027-01-04T14:00:00Z", "America/New_York", JAN[3], time(9)),
        ("2027-01-05T02:30:00Z", "America/New_York", JAN[3], time(21, 30)),
        ("2027-01-04T23:30:00+00:00", "Europe/Amsterdam", JAN[4], time(0, 30)),
        ("2027-01-04T23:00:00Z", "Europe/Amsterdam", JAN[4], None),  # midnight there: a date
        ("2027-01-04T00:00:00+0100", "Europe/Amsterdam", JAN[3], None),
        ("2027-01-04T00:00:00Z", "Europe/London", JAN[3], None),
    ],
)
def test_a_moment_becomes_the_day_and_time_of_the_clinic(load, cell, zone, day, at):
    assert load(f"day,status\n{cell},fulfilled\n", zone=zone).visits == (Visit(day, at=at),)


def test_a_moment_by_a_format_of_the_map(load):
    text = "d,s\n04/Jan/2027:14:00 +0000,fulfilled\n"
    found = load(text, columns=with_formats("%d/%b/%Y:%H:%M %z"), zone="America/New_York")
    assert found.visits == (Visit(JAN[3], at=time(9)),)


@pytest.mark.parametrize(
    ("cell", "zone", "why"),
    [
        ("2027-01-04T14:00:00Z", None, "nobody has said in which zone the clinic is"),
        ("2027-01-04T00:00:00Z", "America/New_York", "midnight in a zone that is not the clinic's"),
        ("2027-01-04T00:00:00+01:00", "America/New_York", "midnight in a zone that is not the clinic's"),
        ("1970-01-01T00:30:00Z", "America/New_York", "not a day to plan on"),
        ("0001-01-01T00:00:00+14:00", "America/New_York", "not a day to plan on"),
        ("9999-12-31T23:00:00-12:00", "Europe/Amsterdam", "not a day to plan on"),
        ("2027-03-14T02:30,x", "America/New_York", "that the clocks of America/New_York skip or show twice"),
        ("2027-11-07T01:30", "America/New_York", "that the clocks of America/New_York skip or show twice"),
    ],
)
def test_a_moment_that_tells_no_day(load, cell, zone, why):
    found = load(f"day,status\n2027-01-05,fulfilled\n{cell.partition(',')[0]},fulfilled\n", zone=zone)
    ((line, said),) = unused(found)
    assert line == 3
    assert why in said


def test_words_of_the_map_take_the_place_of_ours(load, columns):
    found = load(
        "Appt Date,Status\n2027-01-04,DONE\n2027-01-07, done \n2027-01-11,fulfilled\n",
        columns=columns(LEAST + '[status]\nDone = "fulfilled"\n'),
    )
    assert found.visits == (Visit(JAN[3]), Visit(JAN[6]))
    assert unused(found) == [(4, "an unknown status in column 2 (Status)")]


def test_what_a_status_and_a_column_say_together(load):
    columns = ColumnMap(
        columns={"day": "d", "status": "s", "by": "b", "counts": "c"},
        statuses={
            "pt": Meaning(Happened.CANCELLED, by="patient"),
            "off": Meaning(Happened.CANCELLED),
            "part": Meaning(Happened.STOPPED_EARLY, counts=False),
        },
        by={"Guest": "patient", "House": "clinic", "System": ""},
    )
    found = load(
        "d,s,b,c\n2027-01-04,pt,,\n2027-01-04,pt,guest,\n2027-01-04,off,House,\n2027-01-04,off,System,\n"
        "2027-01-04,part,,\n2027-01-04,part,,no\n"
        "2027-01-04,pt,House,\n2027-01-04,part,,yes\n2027-01-04,off,patient,\n",
        columns=columns,
    )
    assert [(visit.by, visit.counts) for visit in found.visits] == [
        ("patient", None),
        ("patient", None),
        ("clinic", None),
        ("", None),
        ("", False),
        ("", False),
    ]
    assert unused(found) == [
        (8, "column 3 (b) contradicts the status in column 2 (s)"),
        (9, "column 4 (c) contradicts the status in column 2 (s)"),
        (10, "column 3 (b) does not say who cancelled"),
    ]


@pytest.mark.parametrize(
    ("word", "elsewhere"),
    [("J", True), ("j", True), ("Nein", False), ("", False), ("yes", None), ("no", None)],
)
def test_words_for_yes_and_no(load, word, elsewhere):
    columns = ColumnMap(columns={"day": "d", "status": "s", "elsewhere": "e"}, yes=("J",), no=("Nein",))
    found = load(f"d,s,e\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,{word}\n", columns=columns)
    assert [visit.elsewhere for visit in found.visits[1:]] == ([] if elsewhere is None else [elsewhere])
    assert len(found.unused) == (elsewhere is None)


def test_a_column_that_the_map_names_and_the_export_lacks(load, columns):
    wanting = columns(LEAST + 'time = "Start"\n')
    refused(
        lambda: load("Appt Date,Status,Begin\n2027-01-04,fulfilled,\n", columns=wanting),
        "no column for time",
        "line 1",
        "its header is 'Start'",
    )
    refused(lambda: load("Date,Status,Start\n", columns=wanting), "no header", "day = 'Appt Date'")


def test_a_column_twice_matters_only_if_it_is_read(load, columns):
    text = "Appt Date,Status,Note,Note\n2027-01-04,fulfilled,a,b\n"
    assert load(text, columns=columns(LEAST)).visits == (Visit(JAN[3]),)
    refused(lambda: load(text, columns=columns(LEAST + 'note = "Note"\n')), "2 columns for note")


def test_a_stated_delimiter_is_the_only_one(load):
    columns = ColumnMap(columns={"day": "d", "status": "s"}, delimiter=";")
    assert load("sep=,\nd;s\n2027-01-04;fulfilled\n", columns=columns).visits == (Visit(JAN[3]),)
    refused(lambda: load("d,s\n2027-01-04,fulfilled\n", columns=columns), "no header")


# Whatever bytes there are.


NAME = "Mustermann"
CELLS = st.one_of(
    st.sampled_from(
        ["", "2027-01-04", "fulfilled", "no-show", "09:00", "day", "status", "yes", "x", "Total"]
    ),
    st.just(NAME),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: NAME + text),
)


@st.composite
def messy(draw):
    """An export with anything in its cells and some bytes broken."""
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    header = draw(st.permutations(["day", "status", "note", "time", "counts", "id", "by", "patient"]))
    rows = draw(st.lists(st.lists(CELLS, max_size=10), max_size=8))
    good = {"day": "2027-01-04", "status": "fulfilled", "patient": "x"}
    usable = [[good.get(name, "") for name in header]] * draw(st.integers(0, 1))
    lines = [delimiter.join(row) for row in (*[header] * draw(st.integers(0, 1)), *usable, *rows)]
    raw = bytearray(ending.join(lines).encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        at = draw(st.integers(0, len(raw)))
        raw[at:at] = draw(st.sampled_from([b'"', b"\n", b"\xff", b"\0", b",", b"\xef\xbb\xbf", b"'"]))
    return bytes(raw)


def fuzzed(path: Path, raw: bytes, **asked: object) -> VisitFile | None:
    """Any bytes give visits or a refusal (None), and what is said repeats no cell."""
    path.write_bytes(raw)
    found, said = None, ""
    try:
        found = load_visits(path, **asked)
    except KetschedError as error:
        said = str(error)
    assert NAME not in said
    if found is None:
        return None
    assert found.visits
    lines = len(re.split(rb"\r\n|\r|\n", raw)) if b"\0" not in raw else len(raw)
    for row in found.unused:
        assert 1 <= row.line <= lines
        assert NAME not in row.why + row.fix
    return found


FREELY = settings(
    max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@FREELY
@given(raw=messy(), patient=st.sampled_from([None, "x", NAME.lower()]))
def test_any_export_gives_visits_or_a_refusal(tmp_path, raw, patient):
    fuzzed(tmp_path / "visits.csv", raw)
    fuzzed(tmp_path / "visits.csv", raw, patient=patient, zone="Europe/Amsterdam")
    columns = with_formats("%d.%m.%Y", "iso", "%Y-%m-%dT%H:%M%z", time="time")
    fuzzed(tmp_path / "visits.csv", raw, columns=attrs.evolve(columns, encoding="cp1252"))
    own = {"day": "day", "status": "status", "patient": "patient", "note": "note"}
    fuzzed(tmp_path / "visits.csv", raw, columns=ColumnMap(columns=own, statuses={"x": None}))


@pytest.mark.parametrize("asked", [{}, {"patient": "x", "zone": "Europe/Amsterdam"}])
def test_some_of_these_exports_give_visits_and_rows_that_cannot_be_used(tmp_path, asked):
    def usable(raw):
        found = fuzzed(tmp_path / "visits.csv", raw, **asked)
        return found is not None and found.unused

    assert find(messy(), usable, settings=settings(max_examples=2000, deadline=None))


@FREELY
@given(raw=st.binary(max_size=200))
@pytest.mark.parametrize("head", [b"", b"day,status\n2027-01-04,", b"\xff\xfe", b"sep=;\n", b'[[visit]]\n"'])
@pytest.mark.parametrize("suffix", [".csv", ".toml"])
def test_any_bytes_give_visits_or_a_refusal(tmp_path, head, suffix, raw):
    fuzzed(tmp_path / f"visits{suffix}", head + raw)


@FREELY
@given(text=st.text(max_size=80), value=st.sampled_from(["columns", "format", "status", "yes", "by"]))
def test_any_map_is_one_or_is_refused(tmp_path, text, value):
    path = tmp_path / "columns.toml"
    for content in (
        text,
        f"{LEAST}[{value}]\n{text}",
        f"{LEAST}[format]\ndate = '{text}'\ntime = '{text}'\n",
    ):
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
        try:
            assert isinstance(load_columns(path), ColumnMap)
        except KetschedError:
            continue


@FREELY
@given(
    rows=st.lists(
        st.tuples(
            st.dates(date(2000, 1, 1), date(2100, 1, 1)),
            st.sampled_from([Happened.FULFILLED, Happened.NO_SHOW, Happened.CANCELLED]),
            st.text(
                st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufeff'="),
                max_size=20,
            ),
        ),
        min_size=1,
        max_size=20,
    ),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_a_careful_program_writes_is_read_as_it_was(tmp_path, rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("day", "status", "note"), *rows])
    (tmp_path / "visits.csv").write_bytes(out.getvalue().encode())
    found = load_visits(tmp_path / "visits.csv")
    assert found == VisitFile(tuple(Visit(day, status, note=note) for day, status, note in rows))


# The page.


def test_the_page_names_every_key():
    root = Path(__file__).parent.parent.parent
    text = (root / "docs" / "how-to" / "visits-from-a-file.md").read_text(encoding="utf-8")
    source = (root / "src" / "ketsched" / "visitfile" / "__init__.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'take\("(\w+)"', source))
    known = [*OWN_NAMES, "visit"]
    tables = ["columns", "format", "yes", "no", "words", "date", "delimiter", "encoding"]
    assert {"day", "status", "time", "session", "counts"} <= keys
    assert {key for key in (*keys, *known, *tables) if not re.search(rf"`\[*{key}\]*`", text)} == set()
