"""What several tests share: the reference course, files that are kept byte for byte, a command that is run."""

import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import attrs
import pytest
from hypothesis import HealthCheck, settings

from ketsched.cli import main
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    Companion,
    Course,
    Decision,
    Evidence,
    Hold,
    Interval,
    Join,
    Mark,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Revision,
    Session,
    Spacing,
    Status,
    Waiver,
    Window,
)

# How fast the machine is decides no test; on a busy one making examples takes long.
settings.register_profile(
    "untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden; read the diff"
    )
    parser.addoption("--laws", action="store_true", help="the whole of every grid, and far more examples")


@attrs.frozen
class Golden:
    """Files that a change must not alter unseen."""

    folder: Path
    update: bool

    def check(self, name: str, content: bytes) -> None:
        path = self.folder / name
        if self.update:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        assert path.exists(), f"no golden file {name}: run pytest --update-golden and read the diff"
        assert content == path.read_bytes(), f"{name} changed: run pytest --update-golden and read the diff"


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Work in a folder of one's own, with a terminal that says nothing about itself."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process, as the installed script does."""

    def running(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["ketsched", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return running


@pytest.fixture
def golden(request):
    return Golden(Path(__file__).parent / "golden", request.config.getoption("--update-golden"))


EACH_BOOSTER = Anchor(every=1, phase="boosters")
COMPANIONS = (
    Companion(
        id="screening",
        kind="appointment",
        topic="screening",
        title="Ketamine screening",
        text="We go through contraindications; bring your list of medicines.",
        anchor=Anchor(edge="start"),
        window=Window(earliest=-14, recommended=-7, latest=-3),
        required=True,
        minutes=60,
        gate=True,
        evidence=(Evidence(key="window", source="house", mark=Mark.HOUSE),),
    ),
    Companion(
        id="therapy",
        kind="appointment",
        topic="psychotherapy",
        title="Psychotherapy with Dr B",
        anchor=Anchor(every=2, phase="induction"),
        window=Window(earliest=1, recommended=1, latest=3),
        minutes=50,
        calendar="therapist",
        place="elsewhere",
        on_session_days="never",
    ),
    Companion(
        id="call",
        kind="appointment",
        topic="check-in",
        title="Call about dissociation",
        text="We ask about your mood; “nothing” is an answer.",
        anchor=Anchor(session=4, phase="induction"),
        window=Window(earliest=1, recommended=1, latest=2),
        minutes=15,
        place="telephone",
    ),
    Companion(
        id="writing",
        kind="appointment",
        topic="integration",
        title="Write about the infusion",
        anchor=Anchor(companion="therapy"),
        window=Window(earliest=1, recommended=1, latest=2),
        audience="patient",
        minutes=30,
        place="home",
        on_session_days="never",
    ),
    Companion(
        id="stimulation",
        kind="appointment",
        topic="stimulation",
        title="Magnetic stimulation",
        anchor=Anchor(session=2, phase="induction"),
        minutes=30,
        on_session_days="during",
    ),
    Companion(
        id="organs",
        kind="appointment",
        topic="monitoring",
        title="Bladder and liver panel",
        anchor=Anchor(study_day=10),
        window=Window(latest=2),
        minutes=30,
        areas=("urinary", "liver"),
    ),
    Companion(
        id="case-review",
        kind="appointment",
        topic="review",
        title="Case review by the team",
        anchor=Anchor(session=3, phase="induction"),
        window=Window(earliest=1, recommended=1, latest=1),
        audience="clinic",
        minutes=20,
    ),
    Companion(
        id="report",
        kind="task",
        topic="form",
        title="Monitoring form for ketamine",
        text="Within 7 calendar days.",
        anchor=Anchor(edge="start"),
        window=Window(latest=7),
        audience="clinic",
    ),
    Companion(
        id="diary",
        kind="task",
        topic="form",
        title="Depression questionnaire",
        anchor=Anchor(session=4, phase="induction"),
    ),
    Companion(
        id="ride",
        kind="task",
        topic="ride",
        title="Ride after ketamine",
        text="Tell us who takes you home after the infusion.",
        anchor=EACH_BOOSTER,
        window=Window(earliest=-3, recommended=-1, latest=-1),
        required=True,
    ),
    Companion(
        id="water",
        kind="notice",
        topic="fluids",
        title="Water",
        text="Have water before the session, and again when it is over.",
        anchor=EACH_BOOSTER,
        audience="patient",
    ),
    Companion(
        id="rest",
        kind="notice",
        topic="rest",
        title="Rest after ketamine",
        anchor=Anchor(every=1),
        after=480,
    ),
    Companion(
        id="spray",
        kind="notice",
        topic="medicine",
        title="Nasal corticosteroid",
        text="No corticosteroid spray; it keeps esketamine out.",
        anchor=EACH_BOOSTER,
        before=60,
    ),
    Companion(
        id="first-time",
        kind="notice",
        topic="warning",
        title="Dissociation",
        text="The first time may feel strange.",
        anchor=Anchor(session=1),
    ),
    Companion(
        id="staff",
        kind="notice",
        topic="note",
        title="Two nurses",
        anchor=Anchor(session=2),
        audience="clinic",
    ),
)

REFERENCE_PROTOCOL = Protocol(
    id="reference-6-plus",
    version="3",
    title="Ketamine infusions, Monday-Wednesday-Friday, then every 4 weeks",
    note="For tests. Keeps “quotes”, ümlauts and 漢字.",
    phases=(
        Phase(
            kind="induction",
            name="induction",
            count=6,
            least=4,
            most=6,
            weeks=(2, 3),
            weekdays=(0, 2, 4),
            anchor_weekday=0,
            anatomy=Anatomy(prepare=20, infusion=40, observation=60),
            spacing=(
                Spacing(minimum=2, latest=7, absolute_minimum=1, source="house"),
                Spacing(minimum=7, apart=3, required=False, source="shiroma2014"),
            ),
            no_driving=timedelta(hours=24),
            before=(Restriction(what="eating", minutes=240), Restriction(what="drinking", minutes=120)),
            evidence=(
                Evidence(key="count", source="shiroma2014", mark=Mark.STATED),
                Evidence(key="spacing 1", source="house", mark=Mark.HOUSE, note="for tests"),
            ),
        ),
        Phase(
            kind="maintenance",
            name="boosters",
            count=None,
            every=(Interval(days=28), Interval(months=2, missing_day="roll")),
            until=Interval(months=12),
            review=Interval(days=182),
            join=Join(ideal=28, minimum=7),
            route="nasal",
            anatomy=Anatomy(prepare=15, infusion=10, observation=120, discharge=5),
            no_driving="next day",
            before=(Restriction(what="a nasal decongestant", minutes=60),),
        ),
    ),
    companions=COMPANIONS,
    sources=(
        ("shiroma2014", "Shiroma 2014, J Affect Disord 155:123-129"),
        ("house", "house default; not from a publication"),
    ),
)


@pytest.fixture
def reference_course():
    """
    An induction with a missed session made up and one that is held, then two boosters.

    Around it: an appointment of every kind of place and reader, one of them to be confirmed and
    one cancelled, one during a session; tasks on the day of their session and on another; notices.
    """
    planned, moved = (0,), (0, 1)
    rows = [
        ("s1", date(2027, 3, 1), time(9, 15), Status.FULFILLED, planned),
        ("s2", date(2027, 3, 3), time(9, 15), Status.MISSED, moved),
        ("s3", date(2027, 3, 5), time(9, 15), Status.FIRM, planned),
        ("s4", date(2027, 3, 8), time(9, 15), Status.FIRM, planned),
        ("s5", date(2027, 3, 10), time(13, 0), Status.FIRM, moved),
        ("s6", date(2027, 3, 12), time(9, 15), Status.CLOSED, moved),
        ("s8", date(2027, 3, 12), time(15, 30), Status.FIRM, (1,)),
        ("s7", date(2027, 3, 15), time(9, 15), Status.TENTATIVE, (1,)),
    ]
    sessions = [
        Session(id=i, phase="induction", day=d, time=t, status=s, chair=2, ideal=d, revised=r)
        for i, d, t, s, r in rows
    ]
    sessions += [
        Session(
            id="b1", phase="boosters", day=date(2027, 4, 12), time=time(9, 15), place="Room 3, first floor"
        ),
        Session(id="b2", phase="boosters", day=date(2027, 5, 10), time=time(9, 15), ride="confirmed"),
    ]
    done = Decision(what="continue", on=date(2027, 2, 23), who="Dr A")
    around = [
        ("screening:s1", date(2027, 2, 22), time(10, 0), "s1", Status.FULFILLED, planned),
        ("therapy:s2", date(2027, 3, 4), time(11, 0), "s2", Status.CLOSED, moved),
        ("stimulation:s3", date(2027, 3, 5), time(9, 35), "s3", Status.FIRM, planned),
        ("therapy:s3", date(2027, 3, 6), time(11, 0), "s3", Status.FIRM, (1,)),
        ("writing:therapy:s3", date(2027, 3, 7), time(10, 0), "s3", Status.FIRM, (1,)),
        ("report:s1", date(2027, 3, 8), None, "s1", Status.FULFILLED, planned),
        ("case-review:s4", date(2027, 3, 9), time(8, 30), "s4", Status.FIRM, planned),
        ("diary:s5", date(2027, 3, 10), None, "s5", Status.FIRM, planned),
        ("organs:day10", date(2027, 3, 10), time(11, 30), "s5", Status.FIRM, moved),
        ("therapy:s5", date(2027, 3, 11), time(11, 0), "s5", Status.FIRM, planned),
        ("call:s5", date(2027, 3, 11), time(16, 0), "s5", Status.FIRM, planned),
        ("writing:therapy:s5", date(2027, 3, 13), time(10, 0), "s5", Status.FIRM, planned),
        ("therapy:s7", date(2027, 3, 16), time(11, 0), "s7", Status.TENTATIVE, (1,)),
        ("writing:therapy:s7", date(2027, 3, 17), time(10, 0), "s7", Status.TENTATIVE, (1,)),
        ("ride:b1", date(2027, 4, 11), None, "b1", Status.FIRM, planned),
        ("ride:b2", date(2027, 5, 9), None, "b2", Status.FULFILLED, planned),
    ]
    companions = [
        PlacedCompanion(
            id=i,
            companion=i.partition(":")[0],
            day=d,
            time=t,
            session=with_session,
            status=s,
            outcome=done if i.startswith("screening") else None,
            revised=r,
        )
        for i, d, t, with_session, s, r in around
    ]
    return Course(
        protocol=REFERENCE_PROTOCOL,
        zone="Europe/Amsterdam",
        sessions=tuple(sessions),
        id="A-017",
        revisions=(
            Revision(at=datetime(2027, 2, 20, 9, tzinfo=UTC)),
            Revision(at=datetime(2027, 3, 3, 16, 30, tzinfo=UTC), what="replanned"),
        ),
        waivers=(
            Waiver(rule="KS101", sessions=("s8",), reason="holiday", who="Dr A", until=date(2027, 4, 1)),
        ),
        companions=tuple(companions),
        holds=(
            Hold(
                id="h1",
                reason="hypertension",
                who="Dr A",
                since=date(2027, 2, 20),
                lifted_by="Dr A",
                lifted_on=date(2027, 2, 26),
            ),
            Hold(id="h2", reason="psychosis", who="Dr C", since=date(2027, 3, 3), sessions=("s7",)),
        ),
        authorisations=(
            Authorisation(sessions=6, until=date(2027, 3, 31), scope="induction", name="Payer 4711"),
        ),
    )
