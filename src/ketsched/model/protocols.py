"""A protocol: phases, and what goes around their sessions; every number with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import attrs

from ketsched import house
from ketsched.arguments import checked, checked_attributes
from ketsched.countries import country_named, country_of, country_words
from ketsched.errors import Fault, InvalidInput, InvalidProtocol, refuse_first
from ketsched.model.companions import Companion
from ketsched.model.intervals import Interval
from ketsched.model.limits import check_text, whole_text
from ketsched.model.phases import Evidence, Phase
from ketsched.nearness import meant_of

INDICATIONS = (
    "depression",
    "bipolar depression",
    "suicidal ideation",
    "anxiety",
    "post-traumatic stress",
    "pain",
)
"""What the studies of the protocols treated; rules about the course of a response go by it."""


def _pairs_of_texts(_: object, attribute: attrs.Attribute[Any], pairs: Any) -> None:  # noqa: ANN401 - of any kind
    if not isinstance(pairs, tuple) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        pairs = ((None,),)
    for pair in pairs:
        for text in pair:
            check_text(text, attribute.name)


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Protocol:
    """
    What a paper, a label or a clinic prescribes: data, every number with its source.

    Attributes:
        id: Lower-case words with hyphens, "iv-mwf-6".
        version: Of this file; a course keeps the one it was planned with.
        title: One line for people.
        phases: In order; those that run beside another come last.
        companions: What goes around the sessions; in order, those that are anchored to another after it.
        sources: Key and reference, each key once.
        study: One line on the studies that it rests on: a negative result first, then their kind, how many
            people, blinded or not. A file says it; empty in a course that was planned before files had to.
        indications: What it is for, of INDICATIONS; empty: not said, and rules about one of them stay silent.
        note: What else a reader should know about the evidence; may be empty.
    """

    id: str
    version: str = attrs.field(validator=whole_text)
    title: str = attrs.field(validator=whole_text)
    phases: tuple[Phase, ...]
    companions: tuple[Companion, ...] = ()
    sources: tuple[tuple[str, str], ...] = attrs.field(default=(), validator=_pairs_of_texts)
    study: str = attrs.field(default="", validator=whole_text)
    indications: tuple[str, ...] = ()
    note: str = attrs.field(default="", validator=whole_text)

    def __repr__(self) -> str:
        phases = ", ".join(phase.name for phase in self.phases)
        return f"<Protocol {self.id} (version {self.version}): {phases}>"

    def __attrs_post_init__(self) -> None:
        for faults in (self._faults(), self._faults_of_phases(), self._faults_of_companions()):
            refuse_first(InvalidProtocol, self.id[:64], faults)

    def _faults(self) -> Iterator[Fault]:
        yield (
            not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id) or len(self.id) > 64,
            "id",
            f"the id {self.id[:64]!r}",
            "ids are lower-case words and numbers with hyphens between them, at most 64 characters",
            'write it like "iv-mwf-6"',
        )
        yield (
            len(dict(self.sources)) != len(self.sources),
            "sources",
            "two sources of one key",
            "numbers cite a source by its key",
            "give one of them another key",
        )
        yield (
            "\n" in self.study,
            "study",
            "the study takes several lines",
            "it is shown with every plan, and read before the first session",
            "say it in one line, and what else there is in the note",
        )
        yield (
            any(one not in INDICATIONS for one in self.indications)
            or len(set(self.indications)) != len(self.indications),
            "indications",
            "indications that are not known, or not each once",
            f"they are {', '.join(INDICATIONS)}",
            meant_of(self.indications, INDICATIONS) or "name those that it is for, or leave indications out",
        )
        names = [phase.name for phase in self.phases]
        why = "a protocol has at least one phase, and each has a name of its own"
        yield (not names, "phases", "no phases", why, "add a section [[phase]]")
        again = next((n for n, name in enumerate(names, 1) if name in names[: n - 1]), 0)
        yield (
            bool(again),
            f"phases {again} name",
            "two phases of one name",
            why,
            "give one of them another name",
        )

    def _faults_of_phases(self) -> Iterator[Fault]:
        """Yield where a phase does not fit among the others; there is at least one."""
        main = self.main
        endless = next((n for n, phase in enumerate(main[:-1], 1) if phase.count is None), 0)
        yield (
            self.phases[0].join is not None,
            "phases 1 join",
            "the first phase has a join",
            "a join says how a phase follows an earlier one",
            "remove the join",
        )
        yield (
            bool(endless),
            f"phases {endless}",
            "a phase follows one without end",
            "only the last phase may be open-ended",
            "give the earlier phase a count",
        )
        for number, phase in enumerate(self.phases[1:], 2):
            yield (
                not (phase.weekdays or phase.study_days or phase.every),
                f"phases {number}",
                "a later phase without a pattern",
                "only the first phase can derive its weekdays, from the start",
                "give weekdays, study_days or every",
            )
            yield (
                phase.weeks is not None and not phase.weeks_required,
                f"phases {number} weeks",
                "preferred weeks in a later phase",
                "only the first phase begins on a known day; elsewhere the preference looks back too far",
                "make the weeks required, or leave them out",
            )
        in_order = self.phases[: len(main)] == main and len(main) > 1
        for number, phase in enumerate(self.phases, 1):
            yield (
                bool(phase.beside) and not (in_order and phase.beside == main[-1].name),
                f"phases {number} beside",
                f"phase {phase.name} runs beside {phase.beside[:40]!r}",
                "a phase can run beside the last of those that follow each other, which is not the first",
                f'write beside = "{main[-1].name}", and list the phase after it'
                if len(main) > 1
                else "leave beside out, or add the phase that it runs beside",
            )

    def _faults_of_companions(self) -> Iterator[Fault]:
        """Yield where a companion is counted from something that is not there, or not before it."""
        names = [phase.name for phase in self.phases]
        known: set[str] = set()
        for number, companion in enumerate(self.companions, 1):
            anchor, at = companion.anchor, f"companions {number}"
            yield (
                companion.id in known,
                f"{at} id",
                "two companions of one id",
                "each has its own",
                "rename one",
            )
            yield (
                bool(anchor.phase) and anchor.phase not in names,
                f"{at} anchor",
                f"a companion of the phase {anchor.phase[:40]!r}",
                f"the phases are {', '.join(names)}",
                "name one of these, or leave phase out",
            )
            yield (
                anchor.companion is not None and anchor.companion not in known,
                f"{at} anchor",
                f"a companion counted from {(anchor.companion or '')[:40]!r}",
                f"the companions before it are {', '.join(sorted(known)) or 'none'}",
                "name one of these; what is counted from another comes after it",
            )
            known.add(companion.id)

    @property
    def main(self) -> tuple[Phase, ...]:
        """The phases that follow each other; the others run beside the last of them."""
        return tuple(phase for phase in self.phases if not phase.beside)

    def companion(self, name: str) -> Companion:
        """Return the companion of that id."""
        return next(companion for companion in self.companions if companion.id == name)

    def assign_phases(self, days: Sequence[date]) -> list[str]:
        """
        Deal days in order out to the phases, and return the name of the phase of each.

        A phase takes its count. Where it accepts a range, it takes a day beyond its least as
        long as that is still one of its weeks and no further from the day before than its
        neighbours may be; the last phase takes all that is left, and one beside it nothing.
        """
        names: list[str] = []
        for phase in self.main[:-1]:
            least, most = phase.counts
            neighbours = [s for s in phase.spacing if s.apart == 1 and s.is_for_all and s.latest is not None]
            begun = len(names)
            while begun < len(days) and len(names) < min(len(days), begun + most):
                at = len(names)
                weeks = -(-((days[at] - days[begun]).days + 1) // 7)
                gap = (days[at] - days[at - 1]).days if at > begun else 0
                nearest = (spacing.since(days[at - 1]).latest or 0 for spacing in neighbours)
                far = min(nearest, default=house.count("longest-gap"))
                if at - begun >= least and (weeks > (phase.weeks or (1, weeks))[1] or gap > far):
                    break
                names.append(phase.name)
        return names + [self.main[-1].name] * (len(days) - len(names))

    def phase(self, name: str) -> Phase:
        """Return the phase of that name."""
        return next(phase for phase in self.phases if phase.name == name)

    def cite(self, of: Phase | Companion, key: str) -> Evidence | None:
        """Return where one number comes from, its references in full; None if the protocol does not say."""
        entry = next((entry for entry in of.evidence if entry.key == key), None)
        return None if entry is None else attrs.evolve(entry, source=self.references(entry.source))

    def references(self, source: str) -> str:
        """Return the references that keys of the sources stand for, with commas between several."""
        known = dict(self.sources)
        return "; ".join(known.get(key.strip(), key.strip()) for key in source.split(","))

    @checked
    def choose(
        self,
        *,
        sessions: int | None = None,
        weeks: int | None = None,
        weekdays: Iterable[int] | None = None,
        boosters: int | None = None,
        until: Interval | None = None,
        every: Interval | None = None,
        country: str | None = None,
        screening_decides: bool = False,
    ) -> Protocol:
        """
        Return the protocol with what it leaves open chosen.

        Args:
            sessions: How many in the first phase; within what the protocol accepts.
            weeks: Nominal weeks of the first phase; within what the protocol accepts.
            weekdays: The first phase's pattern, Monday is 0; for a phase that derives its own, or one by weekdays.
            boosters: How many in the last phase that follows the others; 0 leaves it out, and what runs beside it.
            until: How long the last phase lasts from its first day.
            every: The interval of the last phase, one of those that the protocol leaves to choose.
            country: ISO 3166 code of the country whose forms and the like are wanted, "US"; without it planning
                takes the one that the clinic's zone lies in.
            screening_decides: Whether sessions are to be confirmed until the outcome of the screening is recorded.
        """
        if screening_decides:
            return self._with_deciding_screening().choose(
                sessions=sessions,
                weeks=weeks,
                weekdays=weekdays,
                boosters=boosters,
                until=until,
                every=every,
                country=country,
            )
        if country is not None:
            chosen_one = country_named(country)
            within = self.in_country(chosen_one, f"asked for {country_words(chosen_one)}")
            return within.choose(
                sessions=sessions, weeks=weeks, weekdays=weekdays, boosters=boosters, until=until, every=every
            )
        main = self.main
        first, last = main[0], main[-1]
        if boosters == 0 and until is None and every is None and len(main) > 1:
            return self._without_last().choose(sessions=sessions, weeks=weeks, weekdays=weekdays)
        chosen = None if weekdays is None else tuple(sorted(weekdays))
        faults = self._faults_of_first(sessions, weeks, chosen)
        refuse_first(InvalidInput, f"{self.id}, {first.name}", faults)
        refuse_first(InvalidInput, self.id, self._faults_of_last(boosters, until, every))
        if sessions is not None:
            first = _with_sessions(first, sessions)
        if weeks is not None:
            first = attrs.evolve(first, weeks=(weeks, weeks))
        if chosen is not None and chosen != first.weekdays:
            first = attrs.evolve(_without(first, "weekdays", "study_days"), weekdays=chosen, study_days=())
        if boosters is not None:
            last = attrs.evolve(last, count=boosters)
        if until is not None:
            last = attrs.evolve(_without(last, "until"), until=until)
        if every is not None:
            last = attrs.evolve(last, every=(every,))
        followed = (first,) if len(main) == 1 else (first, *main[1:-1], last)
        return attrs.evolve(self, phases=(*followed, *self.phases[len(main) :]))

    def _faults_of_first(
        self, sessions: int | None, weeks: int | None, weekdays: tuple[int, ...] | None
    ) -> Iterator[Fault]:
        """Yield what cannot be chosen of the first phase."""
        first = self.main[0]
        low, high = first.counts
        yield (
            sessions is not None and not low <= sessions <= high,
            "sessions",
            f"This protocol allows {low}{f' to {high}' if high > low else ''} sessions, not {sessions}.",
            "its sources have those numbers, or its author",
            "choose a number among those, or another protocol",
        )
        least, most = first.weeks or (1, 0)
        yield (
            weeks is not None and not least <= weeks <= most,
            "weeks",
            f"This protocol does not allow {weeks} weeks.",
            f"it accepts {least} to {most}" if first.weeks else "its pattern settles the weeks",
            "choose a number among those, or another protocol",
        )
        yield (
            weekdays is not None and bool(first.every or (first.study_days and not first.weekdays)),
            "weekdays",
            "weekdays were chosen",
            f"the protocol has its own pattern: {first.pattern()}",
            "leave the weekdays out, or choose another protocol",
        )

    def _faults_of_last(
        self, boosters: int | None, until: Interval | None, every: Interval | None
    ) -> Iterator[Fault]:
        """Yield what cannot be chosen of the phase that the others lead to."""
        open_to = self.main[-1].choices if len(self.main) > 1 else ()
        yield (
            every is not None and every not in open_to,
            "every",
            f"the interval {every and every.words()}",
            f"the protocol leaves {' or '.join(step.words() for step in open_to)}"
            if open_to
            else "the protocol leaves no interval to choose",
            "choose one of these" if open_to else "leave it out, or choose another protocol",
        )
        yield (
            (boosters is not None or until is not None) and len(self.main) == 1,
            "until" if boosters is None else "boosters",
            "boosters were chosen",
            "the protocol has no maintenance phase",
            "choose a protocol that has one",
        )
        low, high = self.main[-1].counts
        yield (
            boosters is not None and not low <= boosters <= high,
            "boosters",
            f"{boosters} boosters",
            f"the protocol accepts {low} to {high}",
            "choose a number among those",
        )

    def _with_deciding_screening(self) -> Protocol:
        """Return the protocol with its screening, or else its intake, as an appointment that decides."""
        found = [c for topic in ("screening", "intake") for c in self.companions if c.topic == topic]
        deciding = [c for c in found if c.kind == "appointment" and c.topic == found[0].topic]
        fault = (
            not deciding,
            "screening_decides",
            "a screening is to decide, and there is none",
            "the protocol has no appointment with the topic screening or intake",
            "add one to a file of your own, or leave it out",
        )
        refuse_first(InvalidInput, self.id, (fault,))
        companions = (attrs.evolve(c, gate=True) if c in deciding else c for c in self.companions)
        return attrs.evolve(self, companions=tuple(companions))

    def at_zone(self, zone: str) -> Protocol:
        """Return the protocol as it is in the country that a zone's city lies in, as `in_country` does."""
        if not any(companion.countries for companion in self.companions):
            return self
        country = country_of(zone)
        return self.in_country(country, f"the clinic's zone is {zone}")

    def in_country(self, country: str, because: str) -> Protocol:
        """
        Return the protocol without what belongs to other countries; its note says what was left out.

        Args:
            country: ISO 3166 code, or "" for none.
            because: How it is known that this is the country; for the note.
        """
        kept: list[Companion] = []
        left: list[Companion] = []
        for companion in self.companions:
            elsewhere = bool(companion.countries) and country not in companion.countries
            gone = elsewhere or companion.anchor.companion in {one.id for one in left}
            (left if gone else kept).append(attrs.evolve(companion, countries=()))
        if not left:
            return attrs.evolve(self, companions=tuple(kept))
        needed = {code for companion in self.companions for code in companion.countries} - {country}
        said = (
            f"Left out, as {because}: {', '.join(companion.title for companion in left)} "
            f"({', '.join(sorted(map(country_words, needed)))} only)."
        )
        return attrs.evolve(self, companions=tuple(kept), note=f"{self.note} {said}".strip())

    def _without_last(self) -> Protocol:
        """Return the protocol without its last phase, what runs beside it, and what is counted from them."""
        kept = self.main[:-1]
        names = {"", *(phase.name for phase in kept)}
        companions: list[Companion] = []
        for companion in self.companions:
            anchor = companion.anchor
            if anchor.phase in names and (
                anchor.companion is None or anchor.companion in {known.id for known in companions}
            ):
                companions.append(companion)
        return attrs.evolve(self, phases=kept, companions=tuple(companions))


def _with_sessions(phase: Phase, sessions: int) -> Phase:
    """Return a phase with another count, and the further study days that a larger one takes."""
    more = max(0, sessions - len(phase.study_days)) if phase.extra_days else 0
    days = (*phase.study_days, *phase.extra_days[:more])
    return attrs.evolve(
        phase, count=sessions, study_days=tuple(sorted(days)), extra_days=phase.extra_days[more:]
    )


def _without(phase: Phase, *keys: str) -> Phase:
    """Return a phase that cites nothing for some of its numbers, because others are chosen for them."""
    return attrs.evolve(phase, evidence=tuple(entry for entry in phase.evidence if entry.key not in keys))
