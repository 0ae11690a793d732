# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Whatever they need goes into .venv, from the versions and hashes in requirements.lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# One more than processors, since tests of daemons wait as much as they work; more than four only get in each other's way.
WORKERS := $(shell n=$$(($$(nproc) + 1)); echo $$((n < 4 ? n : 4)))

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test lint bench bench-full soak peers lock clean
help:
	@echo "make demo    set up, then mirror the built-in demo account into ./demo-mirror"
	@echo "make test    set up, then every check: ruff, mypy --strict, pytest"
	@echo "make lint    ruff and mypy only"
	@echo "make soak    the long crash runs"
	@echo "make peers   other people's clients against the emulator"
	@echo "make bench   the figures of docs/performance.md, measured here: 25 minutes, 6 GB below TMPDIR"
	@echo "make bench-full   the same, and what takes an hour more: 23 GB"

setup: $(READY)
$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/smugsync demo --mirror ./demo-mirror --fresh

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

soak: $(READY)
	$(BIN)/python -m pytest -m soak -s $(PYTEST_ARGS)

peers: $(READY)
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet -r tests/peers/requirements.txt
	.venv-peers/bin/python tests/peers/python2.py
	$(BIN)/python -m pytest -m peers tests/peers $(PYTEST_ARGS)

# BENCH_ARGS="--rounds 9 https quiet" measures only these, and replaces only their rows of the page.
bench: $(READY)
	$(BIN)/python -m benchmarks --install --page docs $(BENCH_ARGS)

bench-full: $(READY)
	$(BIN)/python -m benchmarks --install --page docs --full $(BENCH_ARGS)

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --all-extras --python-version 3.11 --quiet -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet -c requirements.lock -o config/docker/requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) .venv-peers demo-mirror build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
