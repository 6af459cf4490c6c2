"""What several tests share: the reference course, and files that are kept byte for byte."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import attrs
import pytest

from ketsched.model import (
    Anatomy,
    Course,
    Evidence,
    Interval,
    Join,
    Mark,
    Phase,
    Protocol,
    Restriction,
    Revision,
    Session,
    Spacing,
    Status,
    Waiver,
)


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden; read the diff"
    )


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


@pytest.fixture
def golden(request):
    return Golden(Path(__file__).parent / "golden", request.config.getoption("--update-golden"))


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
    sources=(
        ("shiroma2014", "Shiroma 2014, J Affect Disord 155:123-129"),
        ("house", "house default; not from a publication"),
    ),
)


@pytest.fixture
def reference_course():
    """An induction with a missed session made up and one to be confirmed, then two boosters."""
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
        Session(id="b2", phase="boosters", day=date(2027, 5, 10), time=time(9, 15)),
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
    )
