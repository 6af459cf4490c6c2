"""Compare three inductions over every start of 2027 at a clinic with holidays and closures."""

from datetime import date, timedelta
from statistics import mean

import ketsched as ks
from ketsched.planning import starts

WEEK = {day: "09:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")}
SUMMER = [date(2027, 7, 26) + timedelta(n) for n in range(12)]
clinic = ks.Calendar.weekly("Europe/Amsterdam", **WEEK, chairs=2).with_holidays("NL").without(SUMMER, "summer")

generic = ks.load_protocol("generic-induction")
induction = ks.Protocol(id="induction", version="1", title="induction", phases=generic.phases[:1])
shapes = {"6 in 2 weeks": (6, 2), "6 in 3 weeks": (6, 3), "8 in 4 weeks": (8, 4)}

print(f"{'':<14}{'starts':>7}{'cannot':>8}{'trips':>7}{'days, mean':>12}{'last day':>12}{'off pattern':>13}{'worst':>7}")
for name, (sessions, weeks) in shapes.items():
    tried = starts(
        induction.choose(sessions=sessions, weeks=weeks),
        between=(date(2027, 1, 1), date(2027, 12, 31)),
        calendar=clinic,
    )
    done = [start for start in tried if start.placement is not None]
    spans = [start.placement.last - start.day.toordinal() + 1 for start in done]
    last = max(start.course.sessions[-1].day for start in done)
    moved = [start.placement.total for start in done]
    print(
        f"{name:<14}{len(tried):>7}{len(tried) - len(done):>8}{sessions:>7}{mean(spans):>12.1f}"
        f"{last:%d %b %Y}".rjust(12) + f"{mean(moved):>13.2f}{max(moved):>7}"
    )
