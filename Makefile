# Every target sets itself up; only Python 3.11 or newer and make are needed.
# ARGS goes to the command, as in: make tour ARGS=--json

.DEFAULT_GOAL := help
.PHONY: help setup run test tour bench bench-matching bench-rota bench-writers bench-stream bench-days bench-export fault lint audit golden lock clean

BIN := .venv/bin
READY := .venv/.ready
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --strip-extras --allow-unsafe

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## Prepare .venv with pinned dependencies and the wellwing command

run: $(READY) ## Run everything on 127.0.0.1:8000, or PORT=...
	@$(BIN)/wellwing run $(ARGS)

test: $(READY) ## Run every test
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup -q $(ARGS)

tour: $(READY) ## Live the case study over HTTP, on a server and a database of its own
	@$(BIN)/wellwing tour $(ARGS)

bench: $(READY) ## Measure listing sessions; the last line is JSON
	@$(BIN)/python -m benchmarks.list_sessions $(ARGS)

bench-matching: $(READY) ## Match 250 mentees to 10 mentors; the last line is JSON
	@$(BIN)/python -m benchmarks.matching $(ARGS)

bench-rota: $(READY) ## Work out rotas of 10 mentors, 28 days, 24 hours; the last line is JSON
	@$(BIN)/python -m benchmarks.rota $(ARGS)

bench-writers: $(READY) ## Let 200 writers plan on one wing at once; the last line is JSON
	@$(BIN)/python -m benchmarks.writers $(ARGS)

bench-stream: $(READY) ## Raise 50 concerns a second before 200 open streams; the last line is JSON
	@$(BIN)/python -m benchmarks.stream $(ARGS)

bench-days: $(READY) ## Live 30 days in 120 prisons, looking for missed deadlines; the last line is JSON
	@$(BIN)/python -m benchmarks.days $(ARGS)

bench-export: $(READY) ## Export a million sessions in each format; the last line is JSON
	@$(BIN)/python -m benchmarks.export $(ARGS)

fault: $(READY) ## Kill, freeze and cut off all parts under load for SECONDS=60; the last line is JSON
	@$(BIN)/python -m benchmarks.fault $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

lint: $(READY) ## Check style, types and the OpenAPI document
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy app benchmarks
	@$(BIN)/wellwing openapi | $(BIN)/openapi-spec-validator --schema 3.1 -

audit: $(READY) ## Check pins and installed packages, and ask for known vulnerabilities
	@$(BIN)/python .ci/audit.py

golden: $(READY) ## Write the golden files anew, to be read in review
	@$(BIN)/python -m tests.golden

lock: $(READY) ## Pin the dependencies anew
	@$(LOCK) -o requirements.txt pyproject.toml
	@$(LOCK) --extra dev -o requirements-dev.txt pyproject.toml

clean: ## Remove .venv and caches; the data in var/ stays
	@rm -rf .venv *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find app alembic tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# The stamp is written last: a set-up that failed is begun again. Its words go to standard error,
# since some targets promise JSON on standard output.
$(READY): requirements-dev.txt pyproject.toml
	@exec >&2; \
	fail() { echo "$$1"; exit 1; }; \
	[ -w . ] || fail "Wellwing cannot be set up here: $$(pwd) is not writable."; \
	rm -f $@; \
	for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 none; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	[ "$$python" != none ] || fail "Wellwing needs Python 3.11 or newer, and found none."; \
	$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| "$$python" -m venv --clear .venv \
		|| fail "Wellwing needs Python's venv module: $$python -m venv failed."; \
	echo "Setting up .venv ..."; \
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-dev.txt \
		&& $(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e . \
		&& $(BIN)/python -m compileall -q app benchmarks \
		|| fail "Wellwing could not install its dependencies; the reason is above."; \
	touch $@
