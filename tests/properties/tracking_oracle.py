"""
What happened and what is next, read a second time from the definitions: slow, plain, and by trial.

One series on days of the week, days alone. Nothing here uses the library but its values.
Where the definitions leave a choice, this one was made:

- A visit that names no booking and falls on no booked day takes the nearest open booking that lies no
  further than half the way to the nearest other booking that stands (the smaller side); the nearest pairs
  first, of those as near the earlier booking, then the earlier visit.
- Of one day and hour what was elsewhere comes last, then by status and note, however they were given.
- A booking that nobody recorded keeps its place: the series lacks a session only if those that count, those
  not recorded and those to come are too few; it has one too many only if those that count and those
  to come are too many.
- `keep` lays new sessions on the days of the pattern after the last one that was taken or stands, counted from
  its day or the one that the pattern gave it, the later; never on a day that was lost.
- `make-up` takes a day before the last booking that stands, if one does, or is `keep`.
- `shift` measures its delay from the first lost day to the first open day that the rules allow after what was
  given; every booking that stands aims as many days later than it stood.
- A latest day is lifted by history if it joins something taken with one to come, and the first day that
  minimums, at-most rules, open days and notice allow the one to come lies beyond it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations

import attrs

from ketsched.model import BookingStatus, Course, Phase, Session, Visit
from making import whole

DELIVERED = ("fulfilled", "stopped early")


def gap(one: date, other: date) -> int:
    return (other - one).days


# -- what happened


@attrs.frozen
class Judged:
    """A visit: the booking it was, and whether it counts."""

    visit: Visit
    session: str | None
    counts: bool
    verdict: str


def happened(visits: Iterable[Visit], today: date) -> list[Visit]:
    """Those that can be taken as recorded, in order of time; at one time those here first, then by what they say."""
    said = {
        v: (v.elsewhere, v.status.value, f"{v.note} {v.counts} {v.by} {v.route} {v.worse}") for v in visits
    }
    return sorted(
        (v for v in visits if v.day <= today or v.status == "cancelled"),
        key=lambda v: (v.day, v.at is not None, v.at, said[v]),
    )


def matched(course: Course, visits: Sequence[Visit]) -> list[str | None]:
    """The booking of each visit; a second record of a day with the same data is given none."""
    open_ones = {
        s.id: s for s in course.sessions if s.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE)
    }
    found: list[str | None] = [None] * len(visits)
    twice = {n for n, v in enumerate(visits) if v in visits[:n]}
    for n, visit in enumerate(visits):
        if visit.session is not None:
            found[n] = visit.session
            open_ones.pop(visit.session, None)
    for n, visit in enumerate(visits):
        if found[n] is None and n not in twice:
            same = [s.id for s in open_ones.values() if s.day == visit.day]
            if same:
                found[n] = same[0]
                del open_ones[same[0]]
    standing = [s for s in course.sessions if s.status.stands]
    loose = {
        n: v for n, v in enumerate(visits) if found[n] is None and n not in twice and v.status in DELIVERED
    }
    while True:
        near = []
        for session in open_ones.values():
            beside = [abs(gap(session.day, s.day)) for s in standing if s.id != session.id]
            for n, visit in loose.items():
                away = abs(gap(session.day, visit.day))
                if not beside or 2 * away <= min(beside):
                    near.append((away, session.day, session.id, n))
        if not near:
            break
        *_, name, n = min(near)
        found[n] = name
        del open_ones[name], loose[n]
    return found


def evaluate(course: Course, visits: Iterable[Visit], today: date) -> list[Judged]:
    """Every visit that was taken, judged in order of time; one phase."""
    (phase,) = course.protocol.phases
    taken = happened(visits, today)
    judged: list[Judged] = []
    clock: list[date] = []
    counted = 0
    for n, (visit, session) in enumerate(zip(taken, matched(course, taken), strict=True)):
        if visit in taken[:n]:
            judged.append(Judged(visit, None, False, "duplicate"))
            continue
        if visit.status not in DELIVERED:
            judged.append(Judged(visit, session, False, "not given"))
            continue
        verdict = "valid"
        for spacing in phase.spacing:
            if not spacing.required or spacing.minimum is None or len(clock) < spacing.apart:
                continue
            since = gap(clock[-spacing.apart], visit.day)
            least = spacing.minimum if spacing.absolute_minimum is None else spacing.absolute_minimum
            if since < whole(least):
                verdict = "too soon"
            elif since < whole(spacing.minimum) and verdict != "too soon":
                verdict = "grace"
        if clock and visit.day == clock[-1]:
            verdict = "too soon"
        clock.append(visit.day)
        counts = verdict != "too soon" and visit.counts is not False
        if visit.status == "stopped early" and visit.counts is None:
            counts = False
        if counts and phase.count is not None and counted >= phase.count:
            counts, verdict = False, "extraneous"
        counted += counts
        judged.append(Judged(visit, session, counts, verdict))
    return judged


# -- what is left


@attrs.frozen(kw_only=True)
class Left:
    """
    What planning again starts from.

    Attributes:
        fixed: Days taken, in order: given, due today, not recorded.
        counted: How many of those that were given count.
        first: The day from which the weeks of the series count; None: nothing was taken.
        kept: Places taken without being counted yet: not recorded, or due.
        unsure: How many of these nobody recorded.
        standing: Bookings to come, in order.
        lost: Days of bookings that came to nothing now, in order.
        closed_days: Days that are not booked again: those of bookings that were lost.
        agreed: The start, while nothing has happened: nothing is laid before it, and it stays where its day is open.
    """

    fixed: tuple[date, ...]
    counted: int
    first: date | None
    due: int
    unsure: int
    standing: tuple[Session, ...]
    lost: tuple[date, ...]
    last: date | None
    agreed: date | None


def left(course: Course, visits: Iterable[Visit], today: date) -> Left:
    visits = tuple(visits)
    judged = evaluate(course, visits, today)
    became = {j.session: j for j in judged if j.session is not None}
    given = [j.visit.day for j in judged if j.visit.status in DELIVERED and j.verdict != "duplicate"]
    lost, standing, unsure, due = [], [], [], []
    for session in course.sessions:
        one = became.get(session.id)
        if one is not None:
            if one.visit.status not in DELIVERED:
                lost.append(session.day)
        elif session.day < today:
            unsure.append(session.day)
        elif session.day == today:
            due.append(session.day)
        else:
            standing.append(session)
    fixed = sorted([*given, *unsure, *due])
    aims = {s.id: s.ideal or s.day for s in course.sessions}
    ends = [(j.visit.day, aims.get(j.session or "", j.visit.day)) for j in judged if j.visit.day in given]
    ends += [(s.day, aims[s.id]) for s in course.sessions if s in standing or s.day in (*unsure, *due)]
    counting = [j.visit.day for j in judged if j.counts]
    return Left(
        fixed=tuple(fixed),
        counted=len(counting),
        first=min([*counting, *unsure, *due], default=None),
        due=len(due),
        unsure=len(unsure),
        standing=tuple(standing),
        lost=tuple(lost),
        last=max(max(ends)) if ends else None,
        agreed=standing[0].day if standing and not (visits or course.visits or fixed) else None,
    )


# -- the rules, over days taken and days to come


def too_near(phase: Phase, days: Sequence[date], taken: int, *, required: bool) -> int:
    """How many minimums (also at-most rules) are broken by pairs with at least one day to come."""
    wrong = 0
    for spacing in phase.spacing:
        if spacing.required is not required or spacing.minimum is None:
            continue
        for later in range(max(taken, spacing.apart), len(days)):
            wrong += gap(days[later - spacing.apart], days[later]) < whole(spacing.minimum)
    return wrong


def uppers(
    phase: Phase, first: date | None, days: Sequence[date], taken: int
) -> Iterator[tuple[int, int, int]]:
    """(earlier place, later place, latest days) of every required upper bound on a day to come."""
    for spacing in phase.spacing:
        if spacing.required and spacing.latest is not None:
            for later in range(max(taken, spacing.apart), len(days)):
                yield later - spacing.apart, later, whole(spacing.latest)
    if phase.weeks is not None and phase.weeks_required and len(days) > taken and len(days) > 1:
        begun = days.index(first) if first is not None else 0
        if begun < len(days) - 1:
            yield begun, len(days) - 1, 7 * phase.weeks[1] - 1


def preferred_uppers(phase: Phase, days: Sequence[date], taken: int) -> int:
    wrong = 0
    for spacing in phase.spacing:
        if not spacing.required and spacing.latest is not None:
            for later in range(max(taken, spacing.apart), len(days)):
                wrong += gap(days[later - spacing.apart], days[later]) > whole(spacing.latest)
    return wrong


def earliest(phase: Phase, fixed: Sequence[date], count: int, opened: Sequence[date]) -> list[date] | None:
    """The first days that minimums alone allow, one after the other."""
    days = list(fixed)
    for _ in range(count):
        for day in opened:
            if (not days or day > days[-1]) and not too_near(phase, [*days, day], len(days), required=True):
                days.append(day)
                break
        else:
            return None
    return days[len(fixed) :]


def lifted_by_history(
    phase: Phase, plan: Left, count: int, opened: Sequence[date]
) -> set[tuple[int, int, int]] | None:
    """The upper bounds between a place taken and one to come that no day can keep any more."""
    first = earliest(phase, plan.fixed, count, opened)
    if first is None:
        return None
    days, taken = [*plan.fixed, *first], len(plan.fixed)
    return {
        (one, other, latest)
        for one, other, latest in uppers(phase, plan.first, days, taken)
        if one < taken and gap(days[one], days[other]) > latest
    }


def lower_weeks(phase: Phase, first: date | None, days: Sequence[date], taken: int) -> bool:
    """Whether the series is long enough in nominal weeks."""
    if phase.weeks is None or not phase.weeks_required or len(days) < 2 or len(days) == taken:
        return True
    return -(-(gap(first or days[0], days[-1]) + 1) // 7) >= phase.weeks[0]


# -- where new sessions should be


def on_pattern(phase: Phase, day: date) -> date:
    while day.weekday() not in phase.weekdays:
        day += timedelta(1)
    return day


def after_the_last(phase: Phase, plan: Left, count: int, soonest: date) -> list[date]:
    found: list[date] = []
    last = plan.last
    while len(found) < count:
        last = soonest if last is None else max(last + timedelta(1), soonest)
        last = on_pattern(phase, last)
        while last in plan.lost:
            last = on_pattern(phase, last + timedelta(1))
        found.append(last)
    return found


@attrs.frozen
class Slot:
    """A session to come: where it should be, and the booking that it is (None: it is new); fixed: and nowhere else."""

    aim: date
    booking: Session | None
    fixed: bool = False


def slots(
    phase: Phase, plan: Left, lacks: int, policy: str, opened: Sequence[date], soonest: date
) -> list[Slot]:
    """The sessions to come in order, with the days aimed at."""
    stand = [Slot(s.day, s) for s in plan.standing]
    at_end = [Slot(day, None) for day in after_the_last(phase, plan, lacks, soonest)]
    again = [day for day in opened if day not in plan.lost]
    if policy == "make-up":
        there, added = [s.day for s in plan.standing], []
        for _ in range(lacks):
            before = (d for d in again if d not in there and (not plan.standing or d < plan.standing[-1].day))
            day = next((d for d in before if fits(phase, plan, [*there, d], opened)), None)
            if day is None:
                break
            there.append(day)
            added.append(Slot(day, None))
        at_end = added + at_end[: lacks - len(added)]
    elif policy in ("next-open", "shift") and lacks:
        aims: list[date] = []
        for _ in range(lacks):
            so_far = [*plan.fixed, *aims]
            day = next(
                d
                for d in again
                if (not so_far or d > so_far[-1])
                and not too_near(phase, [*so_far, d], len(so_far), required=True)
            )
            aims.append(day)
        if policy == "next-open":
            at_end = [Slot(day, None, fixed=True) for day in aims]
        else:
            delay = timedelta(gap(plan.lost[0], aims[0]))
            stand = [Slot(s.day + delay, s) for s in plan.standing]
            at_end = [Slot(day + delay, None) for day in plan.lost[:lacks]]
    return sorted([*at_end, *stand], key=lambda slot: (slot.aim, slot.booking is not None))


def fits(phase: Phase, plan: Left, to_come: Iterable[date], opened: Sequence[date]) -> bool:
    """Whether days keep every required rule that binds, lifted ones left out."""
    days, taken = [*plan.fixed, *sorted(to_come)], len(plan.fixed)
    lifted = lifted_by_history(phase, plan, len(days) - taken, opened)
    if lifted is None or too_near(phase, days, taken, required=True):
        return False
    return all(
        gap(days[one], days[other]) <= latest or (one, other, latest) in lifted
        for one, other, latest in uppers(phase, plan.first, days, taken)
    )


# -- the best days, by trying all


def best(
    phase: Phase,
    plan: Left,
    wanted: Sequence[Slot],
    opened: Sequence[date],
    lifted: set[tuple[int, int, int]],
    *,
    moves_count: bool,
) -> tuple[date, ...] | None:
    """
    The best days of all vectors of open days that keep the rules which bind.

    What has its day may be passed by others, where that leaves fewer agreed days or breaks fewer preferences.
    """
    found = None
    for order in orders(wanted):
        one = best_in_order(phase, plan, order, opened, lifted, moves_count=moves_count)
        if one is not None and (found is None or one[0][:2] < found[0][:2]):
            found = one
    return None if found is None else found[1]


def orders(wanted: Sequence[Slot]) -> Iterator[Sequence[Slot]]:
    """The order of the days aimed at; then that with a slot that has its day further and further off, before first."""
    yield wanted
    for far in range(1, len(wanted)):
        for own, slot in enumerate(wanted):
            for to in (own - far, own + far):
                if slot.fixed and 0 <= to < len(wanted):
                    others = [other for other in wanted if other is not slot]
                    yield [*others[:to], slot, *others[to:]]


Cost = tuple[int, int, int, int, date, tuple[date, ...]]


def best_in_order(
    phase: Phase,
    plan: Left,
    wanted: Sequence[Slot],
    opened: Sequence[date],
    lifted: set[tuple[int, int, int]],
    *,
    moves_count: bool,
) -> tuple[Cost, tuple[date, ...]] | None:
    """The best days of all vectors in one order, with what they cost."""
    taken = len(plan.fixed)
    agreed = {slot.booking.day for slot in wanted if slot.booking is not None and slot.booking.day in opened}
    found: list[tuple[Cost, tuple[date, ...]]] = []

    def extend(days: list[date], at: int) -> None:
        if at == len(wanted):
            bound = uppers(phase, plan.first, days, taken)
            if not all(gap(days[a], days[b]) <= most or (a, b, most) in lifted for a, b, most in bound):
                return
            if not lower_weeks(phase, plan.first, days, taken):
                return
            mine = days[taken:]
            away = [abs(gap(slot.aim, day)) for slot, day in zip(wanted, mine, strict=True)]
            moved = len(agreed - set(mine))
            broken = too_near(phase, days, taken, required=False) + preferred_uppers(phase, days, taken)
            order = (moved if moves_count else 0, broken, sum(away), max(away), mine[-1], tuple(mine))
            found.append((order, tuple(mine)))
            return
        far = [
            days[-s.apart] + timedelta(whole(s.latest))
            for s in phase.spacing
            if s.required
            and s.latest is not None
            and len(days) >= s.apart
            and (len(days) - s.apart, len(days), s.latest) not in lifted
        ]
        for day in opened:
            if (days and day <= days[-1]) or (far and day > min(far)):
                continue
            if wanted[at].fixed and day != wanted[at].aim:
                continue
            if at == 0 and plan.agreed is not None and plan.agreed in opened and day != plan.agreed:
                continue
            if not too_near(phase, [*days, day], len(days), required=True):
                extend([*days, day], at + 1)

    if not wanted:
        return (0, 0, 0, 0, date.min, ()), ()
    extend(list(plan.fixed), 0)
    return min(found) if found else None


# -- which booking goes to which day


def pairings(bookings: Sequence[Session], days: Sequence[date]) -> list[dict[str, date]]:
    """The best ways to give days to bookings: most stay, most are kept, least is moved, the earlier are kept."""
    found = []
    for kept in range(min(len(bookings), len(days)) + 1):
        for chosen in combinations(range(len(bookings)), kept):
            for onto in combinations(days, kept):
                pairs = [(bookings[n], day) for n, day in zip(chosen, onto, strict=True)]
                stay = sum(booking.day == day for booking, day in pairs)
                moved = sum(abs(gap(booking.day, day)) for booking, day in pairs)
                order = (-stay, -kept, moved, chosen)
                found.append((order, {booking.id: day for booking, day in pairs}))
    least = min(order for order, _ in found)
    return [pairs for order, pairs in found if order == least]
