"""Protocols: any that the model allows, and short ones that all plans can be tried for."""

from __future__ import annotations

from datetime import timedelta

import attrs
from hypothesis import strategies as st

from ketsched.model import POLICIES, Anatomy, Companion, Interval, Phase, Protocol, Restriction, Spacing
from strategies.companions import companions, several_companions, short_anchors
from strategies.spacings import intervals, joins, lapses, short_joins, short_spacings, spacings
from strategies.values import evidences, filled, optional, texts


@st.composite
def phases(draw, name="induction", *, first=True, last=True):
    by_days = draw(st.booleans())
    every = () if by_days else tuple(draw(st.lists(intervals, min_size=not first, max_size=2)))
    weekdays = (
        tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=not first, max_size=4)))) if by_days else ()
    )
    endless = last and (every or weekdays) and draw(st.booleans())
    least, count, most = sorted(draw(st.lists(st.integers(1, 12), min_size=3, max_size=3)))
    study_days = ()
    if by_days and not endless and draw(st.booleans()):
        study_days = (1, *sorted(draw(st.sets(st.integers(2, 90), min_size=most, max_size=most + 2))))
    return Phase(
        kind=draw(st.sampled_from(["induction", "maintenance"])),
        name=name,
        count=None if endless else count,
        least=draw(st.sampled_from([None, least])),
        most=draw(st.sampled_from([None, most])),
        weeks=draw(optional(st.tuples(st.integers(1, 4), st.integers(4, 9)))),
        weeks_required=draw(st.booleans()) if first else True,
        weekdays=weekdays,
        study_days=study_days,
        every=every,
        until=draw(optional(intervals)),
        review=draw(optional(intervals)),
        anchor=draw(st.sampled_from(["start", "previous"])),
        anchor_weekday=draw(optional(st.integers(0, 6))),
        spacing=tuple(draw(st.lists(spacings(), max_size=3))),
        join=None if first else draw(optional(joins())),
        anatomy=Anatomy(
            prepare=draw(st.integers(0, 90)),
            infusion=draw(st.integers(1, 400)),
            observation=draw(st.integers(0, 300)),
            discharge=draw(st.integers(0, 90)),
        ),
        route=draw(st.sampled_from(["intravenous", "nasal", ""]) | texts),
        place=draw(st.sampled_from(["clinic", "home"])),
        no_driving=draw(optional(st.just("next day") | st.builds(timedelta, minutes=st.integers(1, 10_080)))),
        before=tuple(
            draw(
                st.lists(
                    st.builds(
                        Restriction,
                        what=st.sampled_from(["eating", "drinking"]) | filled,
                        minutes=st.integers(0, 10_080),
                    ),
                    max_size=3,
                )
            )
        ),
        missed=draw(st.sampled_from(POLICIES)),
        lapse=draw(lapses()),
        evidence=tuple(draw(st.lists(evidences, max_size=3))),
    )


@st.composite
def protocols(draw, *, around=False):
    """Any protocol; with companions and a phase beside the last if asked for what goes around sessions."""
    names = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    phase_list = [
        draw(phases(name, first=number == 0, last=number == len(names) - 1))
        for number, name in enumerate(names)
    ]
    added: list[Companion] = []
    if around:
        if len(names) > 1 and names[-1] and draw(st.booleans()):
            beside = draw(phases("".join(names) + "beside", first=False))
            phase_list.append(attrs.evolve(beside, beside=names[-1]))
        for companion_id in ("a", "b-2")[: draw(st.sampled_from([2, 1, 0]))]:
            known = [companion.id for companion in added]
            added.append(draw(companions(companion_id, [phase.name for phase in phase_list], known)))
    return Protocol(
        id=draw(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,3}", fullmatch=True).filter(lambda i: len(i) <= 64)),
        version=draw(texts),
        title=draw(texts),
        note=draw(texts),
        phases=tuple(phase_list),
        companions=tuple(added),
        sources=tuple(
            draw(st.lists(st.tuples(texts, texts), max_size=3, unique_by=lambda source: source[0]))
        ),
    )


some_weekdays = st.sets(st.integers(0, 6), min_size=1, max_size=3).map(lambda found: tuple(sorted(found)))
lengths = st.sampled_from([60, 100, 240])


@st.composite
def short_patterns(draw, count):
    """On which days so many sessions are, in each of the ways that a phase can say it."""
    kind = draw(st.sampled_from(["weekdays", "study_days", "every"]))
    if kind == "weekdays":
        return {"weekdays": draw(some_weekdays)}
    gaps = draw(st.lists(st.integers(1, 6), min_size=count, max_size=count))
    if kind == "study_days":
        return {"study_days": tuple(1 + sum(gaps[:at]) for at in range(count))}
    return {"every": tuple(Interval(days=gap) for gap in gaps)}


@st.composite
def short_protocols(draw, *, hours=False, most=4):
    """One phase or two, four sessions or five in all."""
    phases, left = [], draw(st.integers(1, most)) + 1
    for number in range(draw(st.integers(1, 2)) if left > 1 else 1):
        count = left if number or left < 2 else draw(st.integers(1, left - 1))
        left -= count
        phases.append(
            Phase(
                kind="induction" if number == 0 else "maintenance",
                name=f"phase-{number + 1}",
                count=count,
                anatomy=Anatomy(infusion=draw(lengths)),
                spacing=draw(short_spacings(hours=hours)),
                anchor=draw(st.sampled_from(["start", "previous"])),
                weeks=draw(st.none() | st.sampled_from([(1, 2), (2, 3)])) if number == 0 else None,
                weeks_required=number > 0 or draw(st.booleans()),
                join=draw(st.none() | short_joins()) if number else None,
                **draw(short_patterns(count)),
            )
        )
    return Protocol(id="test", version="1", title="test", phases=tuple(phases))


@st.composite
def tight_protocols(draw):
    """One phase of neighbours' and at-most rules that closures can make impossible."""
    count = draw(st.integers(2, 5))
    least = draw(st.integers(1, 3))
    rules = [Spacing(minimum=least, latest=draw(st.integers(least, 4)))]
    if draw(st.booleans()):
        rules.append(Spacing(apart=2, minimum=draw(st.integers(3, 7))))
    if draw(st.booleans()):
        rules.append(Spacing(apart=count - 1, latest=draw(st.integers(count, 3 * count))))
    phase = Phase(
        kind="induction",
        name="induction",
        count=count,
        anatomy=Anatomy(infusion=100),
        spacing=tuple(rules),
        every=(Interval(days=3),),
    )
    return Protocol(id="test", version="1", title="test", phases=(phase,))


@st.composite
def accompanied_protocols(draw):
    """A short induction and perhaps boosters, with companions of every kind around them."""
    phases = [
        Phase(
            kind="induction",
            name="induction",
            count=draw(st.integers(1, 3)),
            every=(Interval(days=draw(st.integers(1, 4))),),
            anatomy=Anatomy(prepare=10, infusion=80),
            spacing=(Spacing(minimum=draw(st.integers(1, 2))),),
        )
    ]
    if draw(st.booleans()):
        phases.append(
            Phase(
                kind="maintenance",
                name="boosters",
                count=draw(st.integers(1, 2)),
                every=(Interval(days=draw(st.integers(3, 7))),),
                place=draw(st.sampled_from(["clinic", "clinic", "home"])),
                anatomy=Anatomy(infusion=60),
            )
        )
    companions = draw(several_companions(phases))
    if draw(st.booleans()):
        companions.append(
            Companion(
                id="inside",
                kind="appointment",
                topic="stimulation",
                title="Inside",
                minutes=30,
                anchor=draw(short_anchors(phases).filter(lambda anchor: anchor.study_day is None)),
                on_session_days="during",
            )
        )
    return Protocol(id="test", version="1", title="test", phases=tuple(phases), companions=tuple(companions))
