# What people and CI run. Needs only Python 3.11 or newer, with its venv module, and make.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The first interpreter that is new enough; or name one: make run PYTHON=/path/to/python3.12
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
# Further sets of packages for `make run`, each with a lock of its own: make run EXTRAS="one two"
EXTRAS ?=

# Without its bytecode every process would compile the packages anew, and here many processes start.
unexport PYTHONDONTWRITEBYTECODE

venv := .venv/bin
python := $(venv)/python
install := $(venv)/uv pip install --quiet --python $(python)
compile := $(venv)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --quiet
set_run := --extra postgres --extra s3 --extra demo
set_lightgbm := $(set_run) --extra lightgbm
set_test := --extra test
set_dev := --extra dev
sets := dev test run lightgbm
step = @printf '\n==> %s\n' "$(1)"

# uv doesn't read pip's settings: a site that named its package index for pip alone means it for uv too.
ifdef PIP_INDEX_URL
ifndef UV_DEFAULT_INDEX
export UV_DEFAULT_INDEX := $(PIP_INDEX_URL)
endif
endif

# Tests and checks never touch the desk that `make run` keeps in var/.
aside := VAR_DIR="$(CURDIR)/var/tests" PUBLIC_URL= PORT= ASSAYDESK_DEMO_PASSWORD=
pytest := $(aside) $(python) -m pytest -n auto --maxprocesses 8
deployed := $(aside) DEBUG=false PUBLIC_URL=https://assaydesk.example.org \
	SECRET_KEY="$$($(python) -c 'import secrets; print(secrets.token_urlsafe(48))')"

.PHONY: help
help: ## List what make can do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16
	@echo
	@echo "  make run honours PORT, PUBLIC_URL, VAR_DIR, EXTRAS and ASSAYDESK_DEMO_PASSWORD."

.PHONY: run
run: .venv/.run .venv/.client extras ## Install, set up the database, start Assaydesk with its demo
	$(call step,Setting up the database)
	@$(python) manage.py migrate --verbosity 0
	$(call step,Starting Assaydesk (Ctrl-C stops it))
	@exec $(python) manage.py serve --demo

.PHONY: test
test: .venv/.test .venv/.client ## Install what tests need and run them; SLOW=1 runs the few slow ones too
	$(call step,Running the tests)
	@$(pytest) $(if $(SLOW),,--without-slow)

.PHONY: check
check: .venv/.dev .venv/.client ## What CI runs: lint, types, imports, migrations, lock, all tests on both databases
	@failed=; \
	for name in $(checks); do $(MAKE) --no-print-directory $$name || failed="$$failed $$name"; done; \
	test -z "$$failed" || printf '\n==> FAILED:%s (see above); the last of the tests follow\n' "$$failed"; \
	$(MAKE) --no-print-directory check-tests && test -z "$$failed"

.PHONY: bench
bench: .venv/.test .venv/.client ## Print the benchmarks
	@$(aside) $(python) -m bench

.PHONY: lock
lock: .venv/.uv ## Bring requirements/ in line with pyproject.toml; UPGRADE=1 takes the newest versions
	@for set in $(sets); do $(MAKE) --no-print-directory lock-$$set || exit 1; done
	@printf 'uv>=0.13,<0.14\n' | $(venv)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet $(if $(UPGRADE),--upgrade) --output-file requirements/uv.txt
	@echo "requirements/ is current."

# The smaller sets start from the largest one's versions, so that all agree.
.PHONY: lock-dev lock-test lock-run lock-lightgbm
lock-dev lock-test lock-run lock-lightgbm: lock-%:
	$(if $(filter-out dev,$*),@cp requirements/dev.txt requirements/$*.txt)
	@$(compile) $(set_$*) $(if $(UPGRADE),$(if $(filter dev,$*),--upgrade)) --output-file requirements/$*.txt

# --- Single checks ---------------------------------------------------------------------------------

checks := check-lint check-format check-types check-imports check-migrations check-deploy check-lock check-servers

.PHONY: $(checks) check-tests
check-lint:
	$(call step,Lint)
	@$(python) -m ruff check .

check-format:
	$(call step,Format)
	@$(python) -m ruff format --check .

check-types:
	$(call step,Types)
	@$(aside) $(python) -m mypy

check-imports:
	$(call step,Imports run downwards only)
	@$(venv)/lint-imports

check-migrations:
	$(call step,Migrations match the models)
	@$(aside) $(python) manage.py makemigrations --check --dry-run

check-deploy:
	$(call step,Settings of a deployment)
	@$(deployed) $(python) manage.py check --deploy --fail-level WARNING

# Versions only: the hashes of one version grow when a wheel for another platform is added to it.
check-lock:
	$(call step,The lock matches pyproject.toml)
	@mkdir -p var/tests/lock && cp requirements/*.txt var/tests/lock/
	@$(compile) $(set_dev) --output-file var/tests/lock/dev.txt
	@$(compile) $(set_test) --output-file var/tests/lock/test.txt
	@$(compile) $(set_run) --output-file var/tests/lock/run.txt
	@$(compile) $(set_lightgbm) --output-file var/tests/lock/lightgbm.txt
	@for set in $(sets); do \
		grep '==' requirements/$$set.txt > var/tests/lock/kept; \
		grep '==' var/tests/lock/$$set.txt | diff var/tests/lock/kept - \
		|| { echo "requirements/$$set.txt isn't current. Run: make lock"; exit 1; }; \
	done

check-servers:
	$(call step,Tests on PostgreSQL and Redis)
	@$(pytest) --database=postgresql -m "not browser"

check-tests:
	$(call step,Tests on SQLite and the embedded queue)
	@$(pytest)

# --- The environment: one .venv for all sets, each stamp newer than what it was made from ---------------

.venv/.uv: requirements/uv.txt
	@test -n "$(PYTHON)" || { \
		echo "Assaydesk needs Python 3.11 or newer. On Debian 12, Ubuntu 24.04 and later:"; \
		echo "    sudo apt install python3 python3-venv"; \
		echo "or name an interpreter: make run PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Assaydesk needs Python 3.11 or newer; $(PYTHON) is older or doesn't start."; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python can't make virtual environments. On Debian and Ubuntu:"; \
		echo "    sudo apt install python3-venv"; exit 1; }
	$(call step,Making a Python environment in .venv with $$("$(PYTHON)" --version))
	@"$(PYTHON)" -m venv .venv
	@$(python) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# Only ever adds or moves versions, so that the sets don't undo each other.
.venv/.run .venv/.test .venv/.dev: .venv/.%: requirements/%.txt .venv/.uv
	$(call step,Installing the packages in $< (each checked against its hash; from seconds to a minute))
	@$(install) --require-hashes -r $<
	@touch $@

.venv/.client: client/pyproject.toml .venv/.uv
	$(call step,Installing the client from client/)
	@$(install) --no-deps --editable ./client
	@touch $@

.PHONY: extras
extras: .venv/.run
	@for extra in $(EXTRAS); do \
		case $$extra in postgres|s3|demo) continue;; esac; \
		test -f "requirements/$$extra.txt" || { \
			echo "EXTRAS: there is no set \"$$extra\". To add: lightgbm. Always installed: postgres, s3, demo."; exit 1; }; \
		$(install) --require-hashes -r "requirements/$$extra.txt" || exit 1; \
	done
