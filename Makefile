# What there is to do here, each in one word. Needs git, make and Python 3.11 or later with venv:
#
#   make demo      plan an example course and say where its calendar lies
#   make test      lint, types and every test that pip can bring what it needs for
#   make test-all  besides: readers of other languages and a browser (Debian packages, npm), docs, and the next three
#   make wheel     build the wheel, and run the examples from it in an environment that has nothing else
#   make oldest    a part of the tests with the oldest versions of what ketsched needs
#   make pythons   a part of the tests on every other Python from 3.11 that is here
#   make laws      the laws over the whole of their grids: every protocol, every closure (half an hour)
#   make seeds     tests/properties with the seeds 1 to SEEDS, one after the other, until one fails (hours)
#   make docs      build the documentation into site/
#   make examples  run the examples, and compare them with their kept output
#   make bench     measure; prints the machine
#   make bench-check  compare ratios with those kept in benchmarks/ratios.json; a note, it fails nothing
#   make changelog put the fragments of changelog.d/ into CHANGELOG.md, at a release
#   make mutants   change the core in 300 places, one at a time, and print what no test notices (an hour)
#   make fuzz      try to break the readers, FUZZ_SECONDS each
#   make clean     remove what the above has made
#
# Another Python: make test PYTHON=python3.13

PYTHON ?= python3
FUZZ_SECONDS ?= 60
SEEDS ?= 50
# Which places `make mutants` changes: --places 20 --seed 7 --modules spacing tracking/moving
MUTANTS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
RUN := -m pytest -p noskip
PYTEST := PYTHONPATH=tests $(BIN)/python $(RUN)
# What `make oldest` runs: all that touches a file, a calendar or a command; and `make pythons`, of every kind a little.
OLDEST := tests/unit tests/rules tests/test_docs.py tests/test_examples.py \
    tests/conformance/test_caldav.py tests/conformance/test_publish_command.py
SAMPLE := tests/rules tests/unit/calendars tests/unit/cli tests/unit/test_clock.py tests/unit/test_planning.py \
    tests/unit/test_replan.py tests/test_examples.py tests/test_layers.py
# Where `make bench-check` leaves what it measured; KEEP=--keep keeps it.
RATIOS := build/ratios.json
KEEP ?=
# Stamps: which extras are installed, as of which pyproject.toml.
BASE := .venv/.installed
TEST := .venv/.installed-test
BENCH := .venv/.installed-bench
FUZZ := .venv/.installed-fuzz
RELEASE := .venv/.installed-release

.DEFAULT_GOAL := help
.PHONY: help demo test test-all wheel oldest pythons laws seeds programs docs examples bench bench-check changelog mutants fuzz clean
# One pip at a time; all that takes long runs in one command anyway.
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

demo: $(BASE)
	@rm -rf demo && mkdir demo && cp examples/first-course/*.toml demo
	$(BIN)/python -m ketsched.cli plan demo/case.toml -o demo/patient.ics -o demo/patient.html \
	    -o demo/clinic.ics:clinic,full -o demo/course.json || test $$? -eq 1
	@echo
	@echo "The patient's calendar, to import into any calendar program: $(CURDIR)/demo/patient.ics"
	@echo "The same as a page, to print: $(CURDIR)/demo/patient.html"
	@echo "The clinic's: $(CURDIR)/demo/clinic.ics. The course, to go on from: $(CURDIR)/demo/course.json"

test: $(TEST)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(PYTEST) -n 2 --dist loadfile

test-all: $(TEST)
	sh tests/conformance/readers/setup.sh
	$(PYTEST) tests/conformance/check_*.py
	$(MAKE) docs wheel oldest pythons

wheel: $(TEST)
	rm -rf build/wheel
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir build/wheel .
	$(BIN)/python -m venv build/wheel/env
	build/wheel/env/bin/python -m pip --disable-pip-version-check install --quiet build/wheel/*.whl
	EXAMPLES_FROM=$(CURDIR)/build/wheel/env/bin $(PYTEST) tests/test_examples.py

oldest: $(BASE)
	rm -rf build/oldest
	$(BIN)/python -m venv build/oldest
	$(BIN)/python tests/environments/oldest.py > build/oldest/constraints.txt
	build/oldest/bin/python -m pip --disable-pip-version-check install --quiet \
	    --constraint build/oldest/constraints.txt --editable ".[test]"
	PYTHONPATH=tests build/oldest/bin/python $(RUN) -n 2 --dist loadfile $(OLDEST)

pythons: $(BASE)
	@set -e; others=$$($(BIN)/python tests/environments/pythons.py); for python in $$others; do \
	    echo "pythons: $$python"; rm -rf build/python; "$$python" -m venv build/python; \
	    build/python/bin/python -m pip --disable-pip-version-check install --quiet . pytest pytest-xdist hypothesis; \
	    PYTHONPATH=tests build/python/bin/python $(RUN) -n 2 --dist loadfile $(SAMPLE); \
	done

laws: $(TEST)
	$(PYTEST) -n 2 --dist worksteal --laws tests/properties

# What calendar programs make of our files; docs/how-to/calendar-programs.md has the table. Not in CI.
programs: $(TEST)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tests/conformance/programs.py

seeds: $(TEST)
	@set -e; for seed in $$(seq 1 $(SEEDS)); do \
	    echo "seeds: $$seed of $(SEEDS)"; \
	    PYTHONPATH=tests nice $(BIN)/python $(RUN) -q -x -n 2 --dist worksteal --hypothesis-seed=$$seed tests/properties; \
	done

mutants: $(TEST)
	PYTHONPATH=tests nice $(BIN)/python tests/mutation/mutants.py $(MUTANTS)

docs: $(TEST)
	$(BIN)/python -m mkdocs build --strict --quiet

examples: $(TEST)
	$(PYTEST) tests/test_examples.py

bench: $(BENCH)
	@set -e; for script in benchmarks/[a-z]*.py; do echo "bench: $$script"; $(BIN)/python "$$script"; done

bench-check: $(BASE)
	@mkdir -p build; rm -f $(RATIOS)
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/placing.py --runs 2 --no-cpsat
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/closures.py --every 400 --no-cpsat
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/effort.py --cases 100
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/planning.py --runs 3
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/companions.py --runs 50
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/checking.py
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/tracking.py --runs 50
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/choices.py --runs 20
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/ical.py 20 200
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/page.py 100
	BENCH_RATIOS=$(RATIOS) $(BIN)/python benchmarks/startup.py 10
	@$(BIN)/python benchmarks/_compare.py benchmarks/ratios.json $(RATIOS) $(KEEP)

changelog: $(RELEASE)
	$(BIN)/python -m towncrier build

fuzz: $(FUZZ)
	@set -e; for script in tests/fuzz/fuzz_*.py; do \
	    echo "fuzz: $$script"; $(BIN)/python "$$script" -max_total_time=$(FUZZ_SECONDS); \
	done

clean:
	rm -rf .venv build demo dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("ketsched needs Python 3.11 or later; name one: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

$(BASE): pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(TEST): $(BASE)
	$(PIP) --editable ".[test,docs]"
	@touch $@

$(BENCH): $(BASE)
	$(PIP) --editable ".[bench]"
	@touch $@

$(RELEASE): $(BASE)
	$(PIP) --editable ".[release]"
	@touch $@

$(FUZZ): $(TEST)
	$(PIP) --editable ".[fuzz]"
	@touch $@
