"""
Plan from the rows of one's own database and keep the courses in it: no file is read or written.

Two patients begin on Monday 4 January 2027 at a clinic with one chair, which is closed on Wednesday the 13th.
Counted by hand: six infusions on Monday, Wednesday and Friday are on 4, 6, 8, 11, 13 and 15 January. Instead of the
13th P-2 comes on the 14th; the sixth is two days later at least, so on Monday the 18th. P-1 cannot on the 14th and
comes on the 15th and the 18th. P-1 takes two hours from 09:00; P-2 comes when the chair is free.
"""

import json
import sqlite3
from datetime import UTC, date, datetime, time

import ketsched as ks
from ketsched import follow

database = sqlite3.connect(":memory:")
database.executescript("""
    create table opening (weekday text, hours text);
    create table closed (day text, reason text);
    create table patient (id text, protocol text, first_day text, hour text);
    create table away (patient text, day text);
    create table course (id text primary key, document text);
    create table booking (course text, session text, day text, starts text, chair integer);
    create table visit (course text, day text, status text);

    insert into opening values ('mon', '09:00-17:00'), ('tue', '09:00-17:00'), ('wed', '09:00-17:00'),
        ('thu', '09:00-17:00'), ('fri', '09:00-13:00');
    insert into closed values ('2027-01-13', 'maintenance');
    insert into patient values ('P-1', 'iv-mwf-6', '2027-01-04', '09:00'), ('P-2', 'iv-mwf-6', '2027-01-04', '09:00');
    insert into away values ('P-1', '2027-01-14');
""")
ZONE = "America/New_York"
NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)


def clinic() -> ks.Calendar:
    """Make the clinic's calendar from its hours, its closed days and the chairs that are taken."""
    hours = dict(database.execute("select weekday, hours from opening"))
    calendar = ks.Calendar.weekly(ZONE, **hours, chairs=1)
    for day, reason in database.execute("select day, reason from closed"):
        calendar = calendar.without([date.fromisoformat(day)], reason)
    return calendar


def course_of(patient: str) -> ks.Course:
    """Return a patient's course as it was kept last."""
    (document,) = database.execute("select document from course where id = ?", [patient]).fetchone()
    return ks.loads(json.loads(document), "dict")


def keep(course: ks.Course) -> None:
    """Keep a course: its document, and a row for each session that stands."""
    document = json.dumps(ks.dumps(course, "dict"))
    database.execute("insert or replace into course values (?, ?)", [course.id, document])
    database.execute("delete from booking where course = ?", [course.id])
    for session in course.standing():
        row = [course.id, session.id, session.day.isoformat(), f"{session.time:%H:%M}", session.chair]
        database.execute("insert into booking values (?, ?, ?, ?, ?)", row)


free = clinic()
for patient, protocol, first_day, hour in database.execute("select * from patient").fetchall():
    away = [
        date.fromisoformat(day)
        for (day,) in database.execute("select day from away where patient = ?", [patient])
    ]
    course = ks.plan(
        ks.load_protocol(protocol),
        start=date.fromisoformat(first_day),
        calendar=free,
        availability=ks.Calendar.always(ZONE).without(away),
        time=time.fromisoformat(hour),
        id=patient,
        at=NOW,
    )
    keep(course)
    free = free.booked(course)

for row in database.execute("select * from booking order by day, starts"):
    print(*row)
for finding in ks.check(course_of("P-1"), calendar=clinic()):
    print(finding.as_dict()["severity"], finding.code, finding.what)

# What happened comes as rows as well; what is due next goes back as plain values.
database.execute(
    "insert into visit values ('P-1', '2027-01-04', 'fulfilled'), ('P-1', '2027-01-06', 'no-show')"
)
rows = database.execute("select day, status from visit where course = 'P-1'")
visits = [ks.Visit(date.fromisoformat(day), status) for day, status in rows]
recorded = follow.record(course_of("P-1"), visits, at=datetime(2027, 1, 6, 22, tzinfo=UTC))
keep(recorded)
due = ks.forecast(recorded, as_of=date(2027, 1, 7)).as_dict()["next"]
print("next for P-1:", json.dumps(due))
