"""Visits that other programs export as CSV: delimiters, encodings, headers, rows that cannot be used, whose rows."""

from __future__ import annotations

import csv
import io
from datetime import time

import pytest

from ketsched.model import MOST_VISITS, Visit
from ketsched.visitfile import ColumnMap, VisitFile
from refusals import refused
from visitfiles import JAN, unused

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
    refused(lambda: load(text), "Line 3 opens a quotation mark and does not close it.", "line 3")


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
        ("day,status\n", ["No row of visits.csv could be used", "a header and no rows"]),
        ("day,status\nTotal,0\n", ["No row", "its rows are: 1 a total"]),
        ("day,status\nx,fulfilled\n", ["No row", "line 2: column 1 (day) is not a date", "2027-01-04"]),
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
    said = refused(lambda: load(OF_ALL), "rows of more than one patient", "line 3", "column 1 (patient)")
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
