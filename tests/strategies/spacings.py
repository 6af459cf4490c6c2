"""Spacing rules, intervals, joins and what is proposed after a break."""

from __future__ import annotations

from hypothesis import strategies as st

from ketsched.model import LAPSES, Interval, Join, LapseBand, Spacing
from strategies.values import optional, texts

intervals = st.builds(Interval, days=st.integers(1, 3660), missing_day=st.sampled_from(["clip", "roll"])) | (
    st.builds(Interval, months=st.integers(1, 120), missing_day=st.sampled_from(["clip", "roll"]))
)


@st.composite
def spacings(draw):
    given_days = sorted(draw(st.lists(st.integers(0, 400), min_size=3, max_size=3)))
    names = draw(st.sets(st.sampled_from(["absolute_minimum", "minimum", "latest"]), min_size=1))
    ordered = ("absolute_minimum", "minimum", "latest")
    if "absolute_minimum" in names:
        names.add("minimum")
    fields = {n: d for n, d in zip(ordered, given_days, strict=True) if n in names}
    required = draw(st.booleans())
    return Spacing(
        **fields,
        apart=draw(st.integers(1, 12 if required else 3)),
        minimum_hours=draw(optional(st.integers(0, 8784))) if required else None,
        between=draw(optional(st.tuples(st.integers(1, 5), st.integers(6, 9)))) if required else None,
        required=required,
        source=draw(texts),
    )


@st.composite
def joins(draw):
    least, ideal, most = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    chosen = draw(st.sampled_from([{}, {"ideal": ideal}, {"next_week": True}]))
    return Join(minimum=least, latest=most, **chosen)


@st.composite
def lapses(draw):
    """What is proposed after a break: bands from day 0 on, the last one without end; or nothing."""
    firsts = [0, *sorted(draw(st.sets(st.integers(1, 400), max_size=2)))]
    bands = []
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        propose, if_worse = draw(st.sampled_from(LAPSES)), draw(st.sampled_from(["", *LAPSES]))
        repeat = draw(st.integers(1, 12)) if "repeat tail" in (propose, if_worse) else 0
        last = None if following is None else following - 1
        bands.append(LapseBand(first=first, last=last, propose=propose, repeat=repeat, if_worse=if_worse))
    return draw(st.sampled_from([tuple(bands), ()]))


@st.composite
def short_spacings(draw, *, hours=False):
    """One rule or more for a phase; a preferred one looks back 3 places at most."""
    found = [Spacing(minimum=draw(st.integers(0, 3)), latest=draw(st.none() | st.integers(3, 8)))]
    for _ in range(draw(st.integers(0, 2))):
        apart, required = draw(st.integers(1, 3)), draw(st.booleans())
        minimum = draw(st.none() | st.integers(1, 3 * apart + 1))
        latest = draw(st.none() | st.integers(4 * apart, 6 * apart))
        if minimum is not None or latest is not None:
            found.append(Spacing(apart=apart, minimum=minimum, latest=latest, required=required))
    if draw(st.integers(0, 5)) == 0:
        found.append(Spacing(between=(1, 3), minimum=draw(st.integers(4, 8))))
    if hours and draw(st.booleans()):
        found.append(Spacing(minimum_hours=draw(st.integers(20, 75)), apart=draw(st.integers(1, 2))))
    return tuple(found)


@st.composite
def short_joins(draw):
    least = draw(st.none() | st.integers(0, 4))
    wanted = draw(st.none() | st.integers(least or 0, 7))
    latest = draw(st.none() | st.integers(7, 9))
    next_week = wanted is None and draw(st.booleans())
    return Join(ideal=wanted, next_week=next_week, minimum=least, latest=latest)
