"""Series as the search sees them: days as whole numbers, bounds and ideals."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st

from ketsched.placing.values import IdealFrom, Problem
from ketsched.spacing import Bound, lay


@st.composite
def ends(draw, apart=1):
    """A minimum, a latest day or both, not too far from `apart` sessions at 2 or 3 days' distance."""
    minimum = draw(st.none() | st.integers(0, 3 * apart))
    latest = draw(st.none() | st.integers(0, 4))
    return {"minimum": minimum, "latest": None if latest is None else (minimum or apart) + latest}


@st.composite
def integer_rules(draw, places, *, preferences=True):
    """Bounds of two phases, each with its own rules, of the join between them, and of numbered places."""
    cut = draw(st.integers(1, places))
    bounds: list[Bound] = []
    for phase in (range(cut), range(cut, places)):
        bounds += lay(phase, minimum=draw(st.integers(0, 3)), latest=draw(st.none() | st.integers(3, 7)))
        for apart in draw(st.lists(st.integers(1, 3), max_size=2)):
            required = not preferences or draw(st.booleans())
            bounds += lay(phase, apart=apart, required=required, **draw(ends(apart)))
    if cut < places and draw(st.booleans()):
        bounds.append(Bound(cut - 1, cut, **draw(ends())))
    for _ in range(draw(st.integers(0, 2)) if places > 1 else 0):
        earlier, later = sorted(
            draw(st.lists(st.integers(0, places - 1), min_size=2, max_size=2, unique=True))
        )
        required = not preferences or later - earlier > 3 or draw(st.booleans())
        bounds.append(Bound(earlier, later, **draw(ends(later - earlier)), required=required))
    return tuple(bounds)


def so_many_days_later(days, day):
    return day + days


def in_a_later_week(days, day):
    return day - day % 7 + days


@st.composite
def integer_ideals(draw, nominal):
    """Ideal days near the nominal ones; some are counted from an earlier session of the same plan."""
    found = []
    for at, day in enumerate(nominal):
        if at and draw(st.integers(0, 3)) == 0:
            after = draw(st.integers(0, at - 1))
            way = draw(st.sampled_from([so_many_days_later, in_a_later_week]))
            found.append(IdealFrom(after, partial(way, day - nominal[after] + draw(st.integers(-1, 1)))))
        else:
            found.append(day + draw(st.integers(-2, 2)))
    return tuple(found)


@st.composite
def integer_problems(draw, most_places=6, most_days=6):
    """A pattern with closures, perhaps a past, perhaps wishes."""
    places = draw(st.integers(1, most_places))
    gaps = draw(st.lists(st.integers(1, 4), min_size=places, max_size=places))
    nominal = [sum(gaps[:at]) for at in range(places)]
    closed = draw(st.frozensets(st.integers(0, 24), max_size=6))
    given_so_far = draw(st.integers(0, places - 1))
    days, wishes = list[tuple[int, ...]](), []
    for at, day in enumerate(nominal):
        around = range(day - draw(st.integers(0, 3)), day + draw(st.integers(0, most_days - 3)))
        if at < given_so_far:
            days.append((day + draw(st.integers(0, 1)),))
        else:
            days.append(tuple(d for d in around if d not in closed) or (day,))
        wishes.append(draw(st.none() | st.frozensets(st.sampled_from(days[-1]), max_size=4)))
    wishes = draw(st.sampled_from([(), tuple(wishes)]))
    return Problem(tuple(days), draw(integer_rules(places)), draw(integer_ideals(nominal)), wishes)


@st.composite
def any_bounds(draw):
    """Bounds between any places, which may contradict each other or themselves."""
    places = draw(st.integers(1, 8))
    days = st.none() | st.integers(0, 9)
    bounds: list[Bound] = []
    for _ in range(draw(st.integers(0, 12)) if places > 1 else 0):
        earlier = draw(st.integers(0, places - 2))
        bounds.append(Bound(earlier, draw(st.integers(earlier + 1, places - 1)), draw(days), draw(days)))
    return places, bounds
