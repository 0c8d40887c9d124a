# Needs Python 3.11 or newer and git, nothing else: all is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_QUIET = 1

.PHONY: demo test coverage check docs pages bench clean

demo: .venv/.installed  ## the chapter's three networks, 21 figures compared; then a model for a table
	$(BIN)/glassbrick chapter
	$(BIN)/glassbrick train

test: .venv/.dev  ## run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

coverage: .venv/.dev  ## run all tests, and see that they reach 95 % of the code: a quarter slower
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: .venv/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.docs  ## run the code of the pages, and build the site into docs/_build/html
	$(BIN)/python docs/make_blocks_page.py
	$(BIN)/python -m sphinx -b html -q -W --keep-going -n -j auto docs docs/_build/html
	@echo docs/_build/html/index.html written

pages: frontend/node_modules/.installed  ## build the pages of HTML anew; needs Node.js 20 or newer
	cd frontend && npm run --silent check && npm run --silent build

bench: .venv/.bench  ## compare with PyTorch, Keras, scikit-learn, the book's way, and itself grown: 35 minutes
	$(BIN)/python benchmarks/run.py --page docs/benchmarks.md
	$(BIN)/python benchmarks/step_time.py
	$(BIN)/python benchmarks/scikit_learn_scores.py --page docs/scores.md
	$(BIN)/python benchmarks/growth.py --page docs/figures/scaling.md

.venv/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Glassbrick needs Python 3.11 or newer. Is there one by another name? Say make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --upgrade 'pip>=25.1'
	@touch $@

.venv/.installed: .venv/.pip pyproject.toml
	$(BIN)/python -m pip install -e '.[data]'
	@touch $@

.venv/.dev: .venv/.installed
	$(BIN)/python -m pip install --group dev
	@touch $@

.venv/.docs: .venv/.installed
	$(BIN)/python -m pip install --group docs
	@touch $@

.venv/.bench: .venv/.installed
	$(BIN)/python -m pip install --group bench
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	cd frontend && npm ci --silent --no-fund --no-audit
	@touch $@

clean:
	rm -rf frontend/node_modules .venv .mypy_cache .pytest_cache .ruff_cache .coverage build dist docs/_build docs/reference
