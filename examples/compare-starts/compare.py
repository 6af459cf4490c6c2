"""Compare three inductions over every start of 2027 at a clinic with holidays and closures."""

from datetime import date, timedelta
from statistics import mean

import ketsched as ks

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
SUMMER = [date(2027, 7, 26) + timedelta(n) for n in range(12)]
clinic = ks.Calendar.weekly("Europe/Amsterdam", **WEEK, chairs=2)
clinic = clinic.with_holidays("NL").without(SUMMER, "summer")

generic = ks.load_protocol("generic-induction")
induction = ks.Protocol(id="induction", version="1", title="induction", phases=generic.phases[:1])
shapes = {"6 in 2 weeks": (6, 2), "6 in 3 weeks": (6, 3), "8 in 4 weeks": (8, 4)}

HEADINGS = ("starts", "cannot", "trips", "mean days", "last day", "mean off", "worst off")
print(" " * 14 + "".join(f"{heading:>13}" for heading in HEADINGS))
for name, (sessions, weeks) in shapes.items():
    tried = ks.starts(
        induction.choose(sessions=sessions, weeks=weeks),
        between=(date(2027, 1, 1), date(2027, 12, 31)),
        calendar=clinic,
    )
    done = [(start.day, start.placement) for start in tried if start.placement]
    spans = [cost.last - day.toordinal() + 1 for day, cost in done]
    last = date.fromordinal(max(cost.last for _, cost in done))
    moved = [cost.total for _, cost in done]
    row = (
        len(tried),
        len(tried) - len(done),
        sessions,
        f"{mean(spans):.1f}",
        f"{last}",
        f"{mean(moved):.2f}",
        max(moved),
    )
    print(f"{name:<14}" + "".join(f"{cell:>13}" for cell in row))
