# The doors for a person who works on Parley. Needs Python 3.11 or newer and make; everything else goes into .venv.

PYTHON ?= python3
BIN = .venv/bin
KILLS ?= 60

.PHONY: help try run check test lint bench quality fuzz messages tour chaos scale month lock clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/run.stamp: requirements/charts.txt
	@$(PYTHON) -c 'import sys; sys.exit("Parley needs Python 3.11 or newer; try: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what Parley needs into .venv (once)" >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/charts.txt >&2
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "installing what the tests need into .venv (once)" >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@touch $@

try: .venv/run.stamp  ## a chat in this terminal with the sample days of March 2022; no account, no token
	@$(BIN)/python -m bot try

run: .venv/run.stamp  ## the bot itself; needs TELEGRAM_BOT_TOKEN
	@$(BIN)/python -m bot run

check: .venv/run.stamp  ## read config/ and the environment, list every mistake, look up every account
	@$(BIN)/python -m bot check

test: .venv/dev.stamp  ## all tests, with branch coverage of bot/
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

lint: .venv/dev.stamp  ## style, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/dev.stamp  ## speed, printed and written to bench.json; make bench only="words search" for some areas
	@$(BIN)/python -m tests.bench $(only)

quality: .venv/dev.stamp  ## how well watches, attribution and stories do; fails under the bars
	@$(BIN)/python -m tests.words.quality

fuzz: .venv/dev.stamp  ## 100,000 mutated pages, feeds and answers; minutes
	@$(BIN)/python -m tests.fuzz

tour: .venv/dev.stamp  ## write docs/tour.md anew from what make try shows
	@$(BIN)/python -m tests.tour

messages: .venv/dev.stamp  ## 100,000 random statements, names and digests through Telegram's own parser; minutes
	@$(BIN)/python -m tests.render.anything

scale: .venv/dev.stamp  ## a year of a million subscribers in virtual time, for docs/scale.md; minutes
	@$(BIN)/python -m tests.scale 200

month: .venv/dev.stamp  ## a month of forty sources with 500 faults, the store held against what is true; minutes
	@$(BIN)/python -m tests.month

chaos: .venv/dev.stamp  ## the bot against a Telegram that fails and a hand that kills it; KILLS=1000 for hours of it
	@$(BIN)/python -m tests.chaos --kills $(KILLS)

lock: .venv/dev.stamp  ## renew the hash-locked requirements (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/run.in -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/charts.in -o requirements/charts.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/dev.in -o requirements/dev.txt

clean:  ## forget .venv and what the tests left
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* bench.json
