"""The rules: their pages, codes and names, and how one is looked up."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from checked import codes
from ketsched.checking import RULES, explain, rule_named
from ketsched.errors import InvalidInput, KetschedError

SECTIONS = ("Why it matters:", "Example:", "Instead:", "References:")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_a_whole_page(rule):
    paragraphs = rule.page.split("\n\n")
    assert paragraphs[0].endswith(".")
    begins = [next((s for s in SECTIONS if p.startswith(s)), None) for p in paragraphs]
    assert tuple(s for s in begins if s) == SECTIONS, "each section once, in order"
    assert all(len(p) > len(s) + 1 for p, s in zip(paragraphs, begins, strict=True) if s)
    assert rule.source
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)


def test_codes_and_names_are_given_once_and_in_order():
    listed = codes(RULES)
    assert listed == sorted(set(listed))
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"KS[1-6]\d\d", code) for code in listed)


def test_codes_keep_their_names_for_ever():
    """A change here is a breaking one: waivers in course files name the codes."""
    assert {rule.code: rule.name for rule in RULES} == {
        "KS101": "gap-too-short",
        "KS102": "gap-too-long",
        "KS103": "too-many-in-window",
        "KS104": "places-too-close",
        "KS105": "places-too-far",
        "KS106": "too-few-hours",
        "KS107": "join-too-short",
        "KS108": "join-too-long",
        "KS109": "two-sessions-one-day",
        "KS110": "cross-series-gap",
        "KS201": "count-too-low",
        "KS202": "count-too-high",
        "KS203": "series-too-short",
        "KS204": "series-too-long",
        "KS205": "off-anchor-weekday",
        "KS206": "off-pattern",
        "KS207": "too-many-in-treatment-week",
        "KS208": "shrinking-maintenance-interval",
        "KS209": "maintenance-without-review",
        "KS210": "mixed-phases",
        "KS211": "evidence-note",
        "KS212": "phase-without-sessions",
        "KS301": "closed-day",
        "KS302": "outside-opening-hours",
        "KS303": "does-not-fit",
        "KS304": "no-free-chair",
        "KS305": "evening-session",
        "KS306": "start-does-not-exist",
        "KS307": "observation-too-short",
        "KS308": "esketamine-at-home",
        "KS309": "sessions-overlap",
        "KS310": "patient-cannot",
        "KS401": "companion-missing",
        "KS402": "companions-not-planned",
        "KS403": "companion-outside-window",
        "KS404": "companion-on-session-day",
        "KS405": "companion-outside-hours",
        "KS406": "companion-overlaps",
        "KS407": "trip-after-session",
        "KS408": "driving-to-appointment",
        "KS409": "ride-missing",
        "KS410": "drives-home",
        "KS411": "fasting-against-water",
        "KS412": "screening-missing",
        "KS413": "response-review-missing",
        "KS414": "mid-series-review-missing",
        "KS415": "monitoring-not-set",
        "KS416": "session-on-hold",
        "KS417": "firm-too-soon",
        "KS418": "awaiting-outcome",
        "KS419": "not-authorised",
        "KS420": "authorisation-runs-out",
        "KS421": "outside-required-authorisation",
        "KS422": "home-use",
        "KS423": "peer-monitor-missing",
        "KS424": "task-overdue",
        "KS425": "hold-of-unknown-session",
        "KS426": "sessions-after-stop",
        "KS427": "outcome-after-session",
        "KS501": "not-recorded",
        "KS502": "future-dated-visit",
        "KS503": "given-too-soon",
        "KS504": "given-in-grace",
        "KS505": "given-too-late",
        "KS506": "latest-day-lifted",
        "KS507": "series-lapsed",
        "KS508": "extraneous-visit",
        "KS509": "entered-twice",
        "KS510": "counts-unknown",
        "KS511": "count-not-reached",
        "KS512": "missed-not-replanned",
        "KS513": "entries-contradict",
        "KS601": "rules-not-run",
        "KS602": "unused-waiver",
        "KS603": "waiver-of-unknown-rule",
        "KS604": "waiver-of-unknown-session",
        "KS605": "course-without-sessions",
    }


@pytest.mark.parametrize("name", ["KS101", "ks101", "gap-too-short", " Gap-Too-Short "])
def test_a_rule_is_found_by_code_and_by_name(name):
    assert rule_named(name).code == "KS101"
    assert explain(name).startswith("KS101 gap-too-short\nerror; Protocol: spacing.minimum\n\nA session is")


def test_a_rule_that_does_not_exist_names_those_near():
    with pytest.raises(InvalidInput) as caught:
        rule_named("gap-to-short")
    assert caught.value.fix == "did you mean KS101 gap-too-short?"
    assert caught.value.why.startswith("rules are KS101 gap-too-short to KS6")
    with pytest.raises(InvalidInput, match="no rule"):
        explain("")


def test_the_rules_are_imported_without_what_only_files_and_commands_need():
    heavy = ("rich", "click", "cattrs", "holidays", "icalendar", "dateutil", "tomllib", "numpy")
    seen = "import sys, ketsched.checking; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert not set(heavy) & set(loaded.split())


def test_every_error_of_a_rule_lookup_has_four_parts():
    with pytest.raises(KetschedError) as caught:
        rule_named("x" * 100)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
