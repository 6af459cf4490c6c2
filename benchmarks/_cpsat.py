"""The same problem in OR-Tools CP-SAT, with the same order of what is better, to compare with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ketsched.placing.values import IdealFrom, Problem

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

SECONDS = 20
"""What one solve may take."""

Answer = tuple[int, ...] | str | None
"""The days; None: there are none; or why there is no answer."""


class Model:
    """
    A problem as CP-SAT sees it: one variable a session, counted from the first day of all.

    Attributes:
        days: The variables of the sessions.
        levels: What to minimize, the most important first, each with the most that it can be.
        took: Milliseconds of solving so far, without building.
    """

    def __init__(self, problem: Problem) -> None:
        from ortools.sat.python import cp_model

        self.cp = cp_model
        self.model = cp_model.CpModel()
        self.solver = cp_model.CpSolver()
        self.solver.parameters.num_workers = 1
        self.solver.parameters.max_time_in_seconds = SECONDS
        self.took = 0.0
        self.base = min(options[0] for options in problem.days if options)
        self.highest = max(options[-1] for options in problem.days if options) - self.base
        self.days = [
            self.model.new_int_var_from_domain(
                cp_model.Domain.from_values([day - self.base for day in options]), ""
            )
            for options in problem.days
        ]
        broken = [*self._bounds(problem), *self._wishes(problem)]
        worst = self.model.new_int_var(0, self.highest, "worst")
        off = self._deviations(problem, worst)
        # Without preferences the first of the cheapest plans is so in every place: their sum will do.
        alike = [(day, self.highest) for day in self.days]
        if not broken:
            alike = [(sum(self.days), self.highest * len(self.days))]
        self.levels: list[tuple[Any, int]] = [(sum(broken), len(broken))] if broken else []
        self.levels += [
            (sum(off), 40 * len(off)),
            (worst, self.highest),
            (self.days[-1], self.highest),
            *alike,
        ]

    def _bounds(self, problem: Problem) -> list[Any]:
        """Add the bounds; return whether each preferred one is broken."""
        broken = []
        for bound in problem.bounds:
            gap = self.days[bound.later] - self.days[bound.earlier]
            kept = None if bound.required else self.model.new_bool_var("")
            keeps = [] if bound.minimum is None else [gap >= bound.minimum]
            keeps += [] if bound.latest is None else [gap <= bound.latest]
            for constraint in keeps:
                added = self.model.add(constraint)
                if kept is not None:
                    added.only_enforce_if(kept)
            if kept is not None:
                broken.append(1 - kept)
        return broken

    def _wishes(self, problem: Problem) -> list[Any]:
        """Return whether each wish is broken."""
        broken = []
        for day, wish in zip(self.days, problem.wishes, strict=bool(problem.wishes)):
            if wish is not None:
                kept = self.model.new_bool_var("")
                wished = self.cp.Domain.from_values([one - self.base for one in sorted(wish)])
                self.model.add_linear_expression_in_domain(day, wished).only_enforce_if(kept)
                broken.append(1 - kept)
        return broken

    def _deviations(self, problem: Problem, worst: cp_model.IntVar) -> list[cp_model.IntVar]:
        """Return how far each session is from its ideal day."""
        off = []
        for day, ideal in zip(self.days, problem.ideals, strict=True):
            deviation = self.model.new_int_var(0, 2 * self.highest, "")
            wanted = self._aimed(problem, ideal) if isinstance(ideal, IdealFrom) else ideal - self.base
            self.model.add(deviation >= day - wanted)
            self.model.add(deviation >= wanted - day)
            self.model.add(deviation <= worst)
            off.append(deviation)
        return off

    def _aimed(self, problem: Problem, aim: IdealFrom) -> cp_model.IntVar:
        """Return an ideal day that is counted from another session, whatever way it is."""
        pairs = [(day - self.base, aim.day(day) - self.base) for day in problem.days[aim.after]]
        wanted = self.model.new_int_var(min(w for _, w in pairs), max(w for _, w in pairs), "")
        self.model.add_allowed_assignments([self.days[aim.after], wanted], pairs)
        return wanted

    def solve(self) -> bool:
        """Solve for what is minimized now; whether there is a plan. Raises TimeoutError."""
        begun = time.perf_counter()
        status = self.solver.solve(self.model)
        self.took += (time.perf_counter() - begun) * 1000
        if status not in (self.cp.OPTIMAL, self.cp.INFEASIBLE):
            raise TimeoutError
        return bool(status == self.cp.OPTIMAL)

    def at_once(self) -> Answer:
        """Minimize all levels as one weighted sum, if it fits 64 bits."""
        objective: Any = 0
        size = 1
        for level, most in reversed(self.levels):
            objective, size = objective + size * level, size * (most + 1)
        if size >= 2**62:
            return "does not fit"
        self.model.minimize(objective)
        return self.answer() if self.solve() else None

    def level_by_level(self) -> Answer:
        """Minimize one level after the other, each with those before it held and the last answer as a hint."""
        for level, _ in self.levels:
            self.model.minimize(level)
            if not self.solve():
                return None
            self.model.add(level == round(self.solver.objective_value))
            self.model.clear_hints()
            for day in self.days:
                self.model.add_hint(day, self.solver.value(day))
        return self.answer()

    def answer(self) -> tuple[int, ...]:
        """Return the days of the last solve."""
        return tuple(self.base + self.solver.value(day) for day in self.days)


def solved(problem: Problem, *, weighted: bool = False) -> tuple[float, Answer]:
    """Return the milliseconds of solving a problem, and its days."""
    if not all(problem.days):
        return 0.0, None
    model = Model(problem)
    try:
        answer = model.at_once() if weighted else model.level_by_level()
    except TimeoutError:
        answer = "gave up"
    return (float("inf") if answer == "does not fit" else model.took), answer
