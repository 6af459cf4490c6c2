"""What is read out on the telephone: the sentences agreed on with those who read them, in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import attrs
import pytest

from ketsched.languages import Contact
from ketsched.model import (
    Anchor,
    BookingStatus,
    Companion,
    Course,
    PlacedCompanion,
    Revision,
    Session,
    Window,
)
from ketsched.revising import revise
from ketsched.words import sentences, voicemail
from making import jan, protocol, twice_weekly

AT, LATER = datetime(2027, 1, 4, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC)
RIDE = Companion(
    id="ride",
    kind="task",
    topic="ride",
    title="Ride home",
    anchor=Anchor(every=1),
    window=Window(earliest=-1, recommended=-1, latest=-1),
)
REVIEW = Companion(
    id="review",
    kind="appointment",
    topic="review",
    title="Review",
    minutes=30,
    anchor=Anchor(edge="end"),
    window=Window(earliest=7, recommended=21, latest=35),
)
STAYS = "Your other appointments stay as they are."
RIDES = "Please tell the person taking you home about the change."
TEN = time(10)


def course(
    *days: date, zone: str = "Europe/London", at: time = TEN, rides: bool = False, **more: Any
) -> Course:
    """Sessions at ten, the first "s1"; and a review on 5 February at ten, if the last is on 15 January."""
    companions = (RIDE, REVIEW) if rides else (REVIEW,)
    sessions = tuple(
        Session(id=f"s{n}", phase="induction", day=day, time=at) for n, day in enumerate(days, 1)
    )
    tasks = (PlacedCompanion(id=f"ride:{s.id}", companion="ride", day=s.day, session=s.id) for s in sessions)
    review = PlacedCompanion(
        id="review:end", companion="review", day=jan(36), time=at, session=sessions[-1].id
    )
    return Course(
        protocol=attrs.evolve(protocol(twice_weekly(6)), companions=companions),
        zone=zone,
        sessions=sessions,
        companions=(*tasks, review) if rides else (review,),
        revisions=(Revision(at=AT),),
        **more,
    )


def changed(before: Course, *, kind: str = "replanned", others: Any = (), **bookings: Any) -> Course:
    """The course with some bookings changed, by their ids; those in `others` are new."""
    review = bookings.pop("review", {})
    sessions = [attrs.evolve(s, **bookings.get(s.id, {})) for s in before.sessions]
    companions = [attrs.evolve(p, **(review if p.id == "review:end" else {})) for p in before.companions]
    return revise(before, at=LATER, kind=kind, sessions=[*sessions, *others], companions=companions)


def new(day: date, at: time | None = TEN) -> Session:
    return Session(id="s9", phase="induction", day=day, time=at)


def instead(before: Course, name: str, day: date, at: time, cause: str) -> Course:
    """A booking that could not stand, and the one in its place."""
    sessions = [attrs.evolve(s, status=BookingStatus.CLOSED) if s.id == name else s for s in before.sessions]
    more: dict[str, Any] = {"instead": {"s9": name}, "causes": {name: cause}}
    return revise(before, at=LATER, sessions=[*sessions, new(day, at)], **more)


def test_another_hour():
    before = course(jan(15), jan(18), rides=True)
    assert sentences(changed(before, s1={"time": time(14)})) == (
        "Your appointment on Friday 15 January at 10:00 has a new time. It is now at 14:00.",
        RIDES,
        STAYS,
    )


def test_another_day_at_the_same_hour():
    before = course(jan(15), jan(18), at=time(14))
    assert sentences(changed(before, s2={"day": jan(25)})) == (
        "Your appointment on Monday 18 January at 14:00 has moved. It is now on Monday 25 January, at the same time.",
        STAYS,
    )


def test_another_day_and_hour():
    before = course(jan(15), jan(18))
    assert sentences(changed(before, s2={"day": jan(25), "time": time(9, 30)}))[0] == (
        "Your appointment on Monday 18 January at 10:00 has moved. It is now on Monday 25 January at 09:30."
    )


def test_the_clinic_is_shut():
    assert sentences(instead(course(jan(11), jan(15)), "s2", jan(19), time(11, 30), "closed")) == (
        "We are sorry. We have to cancel your appointment on Friday 15 January at 10:00.",
        "Your new appointment is on Tuesday 19 January at 11:30.",
        STAYS,
    )


def test_a_booking_instead_without_a_cause_has_moved():
    said = sentences(instead(course(jan(11), jan(15)), "s2", jan(19), time(11, 30), ""))
    assert (
        said[0]
        == "Your appointment on Friday 15 January at 10:00 has moved. It is now on Tuesday 19 January at 11:30."
    )


def test_missed_and_made_up_for():
    before = course(jan(11), jan(15))
    assert sentences(changed(before, s1={"status": BookingStatus.MISSED}, others=[new(jan(18))])) == (
        "Your appointment on Monday 11 January at 10:00 did not take place.",
        "Your new appointment is on Monday 18 January at 10:00.",
        STAYS,
    )


def test_a_chain_is_an_old_list_and_a_new_one():
    """A day that one gives up and another takes applies again: it is not said to be off."""
    before = course(jan(13), jan(15), jan(18), rides=True)
    before = attrs.evolve(before, companions=before.companions[:-1])
    after = changed(before, s1={"day": jan(15)}, s2={"day": jan(19)}, s3={"day": jan(21)})
    assert sentences(after) == (
        "3 of your appointments have changed.",
        "These times no longer apply: Wednesday 13 January at 10:00 and Monday 18 January at 10:00.",
        "Your appointments are now: Friday 15 January at 10:00, Tuesday 19 January at 10:00 "
        "and Thursday 21 January at 10:00.",
        RIDES,
    )


@pytest.mark.parametrize("many", [3, 4])
def test_up_to_three_changes_are_said_one_by_one(many):
    before = course(*(jan(4 + 7 * n) for n in range(1, 5)))
    moved: dict[str, Any] = {f"s{n}": {"day": jan(5 + 7 * n)} for n in range(1, many + 1)}
    after = changed(before, **moved)
    said = sentences(after)
    assert said[0].startswith(
        "Your appointment on Monday 11 January" if many == 3 else "4 of your appointments"
    )
    assert (said[-1] == STAYS) == (many == 3)


def test_by_telephone():
    before = course(jan(11), jan(15))
    telephone = attrs.evolve(REVIEW, place="telephone")
    said = attrs.evolve(before.protocol, companions=(telephone,))
    after = attrs.evolve(changed(before, s1={"time": time(11)}), protocol=said)
    moved = changed(attrs.evolve(before, protocol=said), review={"time": time(11)})
    assert sentences(moved)[0] == (
        "Your telephone appointment on Friday 5 February at 10:00 has a new time. It is now at 11:00."
    )
    assert sentences(after)[0].startswith("Your appointment on Monday 11 January")


def test_at_home():
    before = course(jan(11), jan(15))
    assert sentences(changed(before, s2={"place": "home"})) == (
        "Your appointment on Friday 15 January at 10:00 is now at home. Please do not come to the clinic.",
        STAYS,
    )
    at_home = course(jan(11), jan(15))
    at_home = attrs.evolve(at_home, sessions=tuple(attrs.evolve(s, place="home") for s in at_home.sessions))
    assert sentences(changed(at_home, s2={"day": jan(18)}))[:2] == (
        "Your appointment at home on Friday 15 January at 10:00 has moved. "
        "It is now on Monday 18 January, at the same time.",
        "It is at home.",
    )
    assert sentences(changed(at_home, s2={"place": "clinic"}))[0] == (
        "Your appointment at home on Friday 15 January at 10:00 is now at the clinic. Please come in person."
    )


def test_a_hold_and_its_release():
    before = course(jan(11), jan(13), jan(15))
    unsure = {"status": BookingStatus.TENTATIVE}
    held = changed(before, kind="held", s2=unsure, s3=unsure)
    assert sentences(held) == (
        "Your appointments from Wednesday 13 January on are paused. Please keep the times free. "
        "We will call you before the first one.",
    )
    firm = [attrs.evolve(s, status=BookingStatus.FIRM) for s in held.sessions]
    free = revise(held, at=LATER, kind="released", sessions=firm)
    assert sentences(free) == (
        "Your appointments will go ahead as planned. The next one is on Monday 11 January at 10:00.",
    )


def test_one_that_is_not_sure_and_one_that_is():
    before = course(jan(11), jan(15))
    unsure = changed(before, s2={"status": BookingStatus.TENTATIVE})
    assert sentences(unsure)[0] == (
        "Your appointment on Friday 15 January at 10:00 is not confirmed yet. "
        "Please keep the time free. We will call you."
    )
    sure = changed(unsure, s2={"status": BookingStatus.FIRM})
    assert sentences(sure)[0] == "Your appointment on Friday 15 January at 10:00 is now confirmed."


@pytest.mark.parametrize(
    ("review", "said"),
    [
        ({}, "We have cancelled your later appointments. Your last one is on Friday 5 February."),
        (
            {"status": BookingStatus.CLOSED},
            "We have cancelled the rest of your appointments. You have none left in this series.",
        ),
    ],
    ids=["one is left", "none is left"],
)
def test_a_course_that_ended_says_what_is_left(review, said):
    before = course(jan(11), jan(15))
    off = [attrs.evolve(s, status=BookingStatus.CLOSED) for s in before.sessions]
    last = [attrs.evolve(before.companions[0], **review)]
    ended = revise(before, at=LATER, sessions=off, companions=last, ended=jan(5))
    assert sentences(ended) == (said,)


def test_named_says_what_it_is():
    before = course(jan(11), jan(15))
    after = changed(before, review={"day": jan(15, 2), "time": time(9)})
    assert sentences(after, privacy="named")[0] == (
        "Your review on Friday 5 February at 10:00 has moved. It is now on Monday 15 February at 09:00."
    )
    assert sentences(changed(before, s2={"time": time(9)}), privacy="named")[0].startswith(
        "Your treatment session 2 of 2 on Friday 15 January at 10:00 has a new time."
    )


def test_in_the_united_states_as_the_patient_asked():
    before = course(jan(12), jan(14), zone="America/New_York")
    assert sentences(instead(before, "s2", jan(19), time(14, 30), "away"))[:2] == (
        "As you asked, we have canceled your appointment on Thursday, January 14 at 10 am.",
        "Your new appointment is on Tuesday, January 19 at 2:30 pm.",
    )


def test_the_year_is_said_if_it_is_another_one():
    before = course(jan(11), jan(15))
    before = attrs.evolve(before, revisions=(Revision(at=datetime(2026, 12, 20, 9, tzinfo=UTC)),))
    sessions = [attrs.evolve(s, time=time(12)) if s.id == "s1" else s for s in before.sessions]
    after = revise(before, at=datetime(2026, 12, 29, 9, tzinfo=UTC), sessions=sessions)
    assert sentences(after)[0].startswith(
        "Your appointment on Monday 11 January 2027 at 10:00 has a new time."
    )


def test_in_spanish_and_german():
    before = course(jan(13), jan(15), jan(18), zone="Europe/Madrid", language="es")
    assert sentences(changed(before, s2={"day": jan(22), "time": time(13)})) == (
        "Su cita del viernes 15 de enero a las 10:00 ha cambiado. Ahora es el viernes 22 de enero a las 13:00.",
        "Sus demás citas no cambian.",
    )
    assert sentences(changed(before, s2={"time": time(13)}), language="de") == (
        "Ihr Termin am Freitag, 15. Januar, um 10:00 Uhr hat eine neue Uhrzeit. Er beginnt jetzt um 13:00 Uhr.",
        "Ihre anderen Termine bleiben, wie sie sind.",
    )
    lists = sentences(
        changed(before, s1={"day": jan(15)}, s2={"day": jan(19)}, s3={"day": jan(20)}), language="de"
    )
    assert lists[1:3] == (
        "Diese Zeiten gelten nicht mehr: Mittwoch, 13. Januar, 10:00 Uhr und Montag, 18. Januar, 10:00 Uhr.",
        "Ihre Termine sind jetzt: Freitag, 15. Januar, 10:00 Uhr; Dienstag, 19. Januar, 10:00 Uhr; "
        "Mittwoch, 20. Januar, 10:00 Uhr und Freitag, 5. Februar, 10:00 Uhr.",
    )


def test_the_first_of_the_year_s_ones_in_spanish_is_feminine_and_singular():
    before = course(jan(15), zone="America/Mexico_City", language="es")
    assert "a la 1:30 de la tarde" in sentences(changed(before, s1={"time": time(13, 30)}))[0]
    assert "a las 12 del mediodía" in sentences(changed(before, s1={"time": time(12)}))[0]


def test_a_voicemail_tells_a_name_and_a_number():
    reached = Contact(telephone="020 7946 0018", spoken="Dr Brown's practice")
    assert voicemail(course(jan(15), contact=reached)) == (
        "Hello, this is Dr Brown's practice. Please call us. Our number is 020 7946 0018. Thank you."
    )
    assert voicemail(course(jan(15), contact=attrs.evolve(reached, spoken=""))) == ""
    assert voicemail(course(jan(15))) == ""


def test_what_is_past_or_new_without_an_hour():
    before = course(jan(15))
    assert sentences(changed(before, s1={"status": BookingStatus.FULFILLED})) == ()
    assert sentences(changed(before, others=[new(jan(20), None)]))[0] == (
        "You have a new appointment on Wednesday 20 January. We will let you know the time."
    )
    assert sentences(changed(before, others=[new(jan(20))]))[0] == (
        "You have a new appointment on Wednesday 20 January at 10:00."
    )


def test_a_number_is_told_with_the_total_of_now():
    before = course(jan(6), jan(8), jan(11))
    told = sentences(changed(before, s3={"day": jan(12)}, others=[new(jan(14))]), privacy="named")
    assert told[0] == (
        "Your treatment session 3 of 4 on Monday 11 January at 10:00 has moved. "
        "It is now on Tuesday 12 January, at the same time."
    )
    assert told[1] == "You have a new treatment session 4 of 4 on Thursday 14 January at 10:00."
    gone = sentences(changed(before, s3={"status": BookingStatus.CLOSED}), privacy="named")
    assert gone[0] == "Your treatment session 3 of 3 on Monday 11 January at 10:00 is cancelled."
