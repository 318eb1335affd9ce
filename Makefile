# Two commands do everything on a fresh machine: `make demo` and `make test`. Both share .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUN_FOLDER ?= runs/demo

.PHONY: demo test check lock clean

demo: .venv/installed
	$(BIN)/python probes/pretrained.py --config data/demo.yaml --out $(RUN_FOLDER)

# Two processes of one thread each: two threads of one process wait for each other. A file stays in one process.
test: .venv/installed-dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --quiet -r requirements.lock
	$(PIP) install --quiet --quiet --no-deps --editable .
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(PIP) install --quiet --quiet -r requirements-dev.lock
	touch $@

# Resolve anew from pyproject.toml. The local label of a CPU build of torch is dropped: the pin must install anywhere.
lock:
	scripts/lock.sh $(PYTHON)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
