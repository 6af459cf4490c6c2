"""What goes around sessions: of any kind, and a few that all days can be tried for."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st

from ketsched.model import AREAS, TOPICS, Anchor, Companion, Interval, Spacing, Window
from strategies.spacings import intervals, spacings
from strategies.values import evidences, filled, optional, texts


@st.composite
def anchors(draw, names, known):
    """What a companion can be counted from, given the names of the phases and the companions before it."""
    chosen = draw(
        st.sampled_from(["session", "every", "edge", "study_day", *(["companion"] if known else [])])
    )
    if chosen == "companion":
        return Anchor(companion=draw(st.sampled_from(known)))
    value = draw(st.sampled_from(["start", "end"]) if chosen == "edge" else st.integers(1, 40))
    return Anchor(**{chosen: value}, phase=draw(st.sampled_from(["", *names])))


@st.composite
def companions(draw, companion_id, names=(), known=()):
    """One thing around the sessions, of any kind, as far as its kind allows."""
    kind = draw(st.sampled_from(["appointment", "task", "notice"]))
    fields = {}
    if kind == "appointment":
        fields = {
            "minutes": draw(st.integers(1, 24 * 60)),
            "weekdays": tuple(draw(st.lists(st.integers(0, 6), max_size=2, unique=True))),
            "calendar": draw(texts),
            "on_session_days": draw(st.sampled_from(["allowed", "never", "only", "during"])),
            "gate": draw(st.booleans()),
        }
    if kind == "notice":
        holds = optional(st.integers(0, 10_080))
        fields = {"before": draw(holds), "after": draw(holds)}
    else:
        count = draw(st.sampled_from([1, 1, 2, 1000, None]))
        fields["count"] = count
        fields["every"] = tuple(draw(st.lists(intervals, min_size=count != 1, max_size=2)))
        rules = spacings().filter(lambda rule: rule.required and rule.minimum_hours is None)
        fields["spacing"] = tuple(draw(st.lists(rules, max_size=1)))
    if fields.get("on_session_days") == "during":  # on its session's day, and once
        fields |= {"count": 1, "every": (), "spacing": (), "weekdays": ()}
    else:
        ends = draw(st.lists(st.integers(-400, 400), min_size=3, max_size=3))
        fields["window"] = Window(
            **dict(zip(("earliest", "recommended", "latest"), sorted(ends), strict=True))
        )
    topic = draw(st.sampled_from(TOPICS))
    if topic in ("monitoring", "laboratory"):
        fields["areas"] = tuple(draw(st.lists(st.sampled_from(AREAS), max_size=2, unique=True)))
    return Companion(
        id=companion_id,
        kind=kind,
        topic=topic,
        title=draw(filled),
        text=draw(texts),
        anchor=draw(anchors(names, known)),
        audience=draw(st.sampled_from(["patient", "clinic", "both"])),
        required=draw(st.booleans()),
        place=draw(st.sampled_from(["clinic", "home", "telephone", "elsewhere"])),
        evidence=tuple(draw(st.lists(evidences, max_size=1))),
        **fields,
    )


QUARTER = 15
"""Minutes of an appointment that finds an hour on every open day, whatever else is on it."""
windows = st.tuples(st.integers(-6, 4), st.integers(0, 3), st.integers(0, 3)).map(
    lambda n: Window(earliest=n[0], recommended=n[0] + n[1], latest=n[0] + n[1] + n[2])
)


@st.composite
def short_anchors(draw, phases):
    phase = draw(st.sampled_from(["", *(phase.name for phase in phases)]))
    chosen = draw(
        st.sampled_from(
            [
                {"session": draw(st.integers(1, 4))},
                {"every": draw(st.integers(1, 3))},
                {"edge": draw(st.sampled_from(["start", "end"]))},
                {"study_day": draw(st.integers(1, 16))},
            ]
        )
    )
    return Anchor(phase=phase, **chosen)


@st.composite
def appointments(draw, phases, /, *, minutes=QUARTER, name="talk", **given):
    """Any appointment but one during a session; one booking from each anchor unless said otherwise."""
    window = draw(windows)
    rule = draw(st.sampled_from(["allowed", "allowed", "never", "only"]))
    if rule == "only":  # else hardly any has a session in it
        window = attrs.evolve(window, earliest=window.earliest - 3, latest=window.latest + 6)
    fields = {
        "anchor": draw(short_anchors(phases)),
        "window": window,
        "required": draw(st.booleans()),
        "weekdays": draw(st.just(()) | st.sets(st.integers(0, 6), min_size=2).map(sorted).map(tuple)),
        "calendar": draw(st.sampled_from(["", "", "therapist", "nobody"])),
        "place": draw(st.sampled_from(["clinic", "clinic", "home", "telephone", "elsewhere"])),
        "audience": draw(st.sampled_from(["both", "both", "patient", "clinic"])),
        "on_session_days": rule,
    }
    return Companion(
        id=name, kind="appointment", topic="review", title="Talk", minutes=minutes, **fields | given
    )


@st.composite
def appointment_series(draw, phases):
    """An appointment with two or three bookings from one anchor, or without an end."""
    count = draw(st.sampled_from([2, 3, None]))
    gaps = draw(st.lists(st.integers(2 if count is None else 1, 5), min_size=1, max_size=2))
    first = draw(st.integers(-6, 4))
    recommended = first + draw(st.integers(0, 3))
    latest = recommended + draw(st.integers(2, 9))
    spacing = []
    if draw(st.booleans()):
        least = draw(st.integers(0, 3))
        spacing.append(Spacing(minimum=least, latest=draw(st.none() | st.integers(max(least, 1), 6))))
    if count == 3 and draw(st.integers(0, 3)) == 0:
        spacing.append(Spacing(between=(1, 3), latest=draw(st.integers(3, 9))))
    return draw(
        appointments(
            phases,
            window=Window(earliest=first, recommended=recommended, latest=latest),
            count=count,
            every=tuple(Interval(days=gap) for gap in gaps),
            spacing=tuple(spacing),
        )
    )


@st.composite
def several_companions(draw, phases):
    """Two to four companions of any kind, some counted from another."""
    found: list[Companion] = []
    for number in range(draw(st.integers(2, 4))):
        one = st.one_of(appointments(phases), appointments(phases), appointment_series(phases), tasks(phases))
        companion = draw(one)
        companion = attrs.evolve(companion, id=f"c{number}")
        if found and draw(st.integers(0, 2)) == 0:
            before = draw(st.sampled_from(found))
            companion = attrs.evolve(companion, anchor=Anchor(companion=before.id))
        found.append(companion)
    return found


@st.composite
def tasks(draw, phases):
    return Companion(
        id="task",
        kind="task",
        topic="form",
        title="Form",
        anchor=draw(short_anchors(phases)),
        window=draw(windows),
        audience=draw(st.sampled_from(["both", "patient", "clinic"])),
        required=draw(st.booleans()),
    )
