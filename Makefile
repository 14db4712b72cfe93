# Needs Python 3.11 or newer and make. Everything else is installed here, in .venv and node_modules.
#
#   make         install every tool (a second run has nothing to do)
#   make local   the main job on the embedded AWS, or ENV=dev there; KEEP=1 leaves it running
#   make test    every check there is, on all cores: 13 minutes on two
#   make test-fast  rules, environments and constructs alone, while they are edited: 1 minute
#   make synth   all environments, or ENV=dev
#   make docs    the site: guides, references and the changelog, into site/
#   make mutants ROOM=constructs_lib/rules   what the tests of a room do not notice
#   make dist    the constructs and the review for any CDK app, as packages, into dist/
#   make snapshot, bench, requirements, clean

PYTHON ?= python3
VENV := .venv
SITE := site
BIN := $(VENV)/bin
# The virtual environment's own tools come first, Node among them.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Kept in the project: a test installs this checkout elsewhere from it, without network.
export UV_CACHE_DIR := $(CURDIR)/$(VENV)/uv-cache
export CDK_DISABLE_CLI_TELEMETRY := 1
export CDK_DISABLE_VERSION_CHECK := 1
# Hundreds of short Python processes run here: without bytecode each would compile the project.
unexport PYTHONDONTWRITEBYTECODE
# A worker takes a file of tests at a time, in their order: the fixtures of a file start once, and
# the files after the slowest, tests/end_to_end, keep the other workers busy.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

INSTALLED := $(VENV)/.requirements node_modules/aws-cdk/package.json $(BIN)/ecrctl

.PHONY: setup local test test-fast check check-format check-lint check-types check-imports
.PHONY: synth snapshot docs bench dist mutants requirements clean
.DELETE_ON_ERROR:

setup: $(INSTALLED)

$(VENV)/.requirements: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON to one, such as: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing Python packages into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[a-zA-Z]/ {wanted = /^uv==/} wanted' requirements.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(VENV)/uv.txt 2> $(VENV)/pip.log \
	  || { cat $(VENV)/pip.log >&2; exit 1; }
	@# Wheels alone: a source distribution would run code and install what no hash pins.
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --quiet --require-hashes --no-build -r requirements.txt \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt
	@# Compiled once here, and not at every synth.
	@$(BIN)/python -c "import app, ecrctl.cli, ministack.app"
	@touch $@

node_modules/aws-cdk/package.json: package-lock.json $(VENV)/.requirements
	@echo "Installing the AWS CDK CLI into node_modules"
	@npm ci --silent
	@touch $@

$(BIN)/ecrctl: ecrctl/launcher.sh $(VENV)/.requirements
	@install -m 755 ecrctl/launcher.sh $@

local: $(INSTALLED)
	@$(BIN)/ecrctl local $(if $(ENV),--environment $(ENV)) $(if $(KEEP),--keep)

test: check
	@$(PYTEST)

# Without the tests of files with thousands of repositories, which take a fifth of the time.
test-fast: $(INSTALLED)
	@$(PYTEST) tests/constructs_lib tests/environments \
	  --ignore tests/environments/test_fleets.py --ignore tests/environments/test_many_faults.py

# Checks that do not run the program, all four at once.
check: $(INSTALLED)
	@$(MAKE) --no-print-directory --jobs 4 --keep-going \
	  check-format check-lint check-types check-imports

check-format:
	@$(BIN)/ruff format --check --quiet .

check-lint:
	@$(BIN)/ruff check --quiet .

check-types:
	@$(BIN)/mypy

check-imports:
	@said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said" >&2; exit 1; }; echo "$$said" | tail -1

synth: $(INSTALLED)
	@npx cdk synth --quiet $(if $(ENV),-c env=$(ENV))

snapshot: $(INSTALLED)
	@$(BIN)/python -m environments.json_schema
	@$(BIN)/python -m ecrctl.review.output.json
	@$(BIN)/python -m ecrctl.review.team_rules.review_file
	@$(BIN)/python -m ecrctl.verify.json_document
	@$(BIN)/python -m ecrctl.images.scanning.output.json
	@$(BIN)/python -m ecrctl.images.report.output.json
	@rm -rf tests/snapshots
	@$(BIN)/python -m pytest tests/test_snapshots.py --snapshot-update --quiet
	@$(BIN)/python -m pytest tests/environments/test_users_snapshots.py --snapshot-update --quiet
	@git --no-pager diff --stat -- tests/snapshots environments/schema
	@git status --short -- environments/snapshots

docs: $(INSTALLED)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir "$(SITE)"
	@echo "Written to $(SITE)/index.html"

bench: $(INSTALLED)
	@$(BIN)/python -m bench

# The backend is built into an environment of its own, pinned by the hashes of requirements.txt.
dist: $(INSTALLED)
	@$(BIN)/uv build --quiet --clear --build-constraints requirements.txt --require-hashes
	@rm -rf build/review && $(BIN)/python -m distributions.review.stage build/review
	@$(BIN)/uv build --quiet --wheel --out-dir dist --build-constraints requirements.txt --require-hashes build/review

mutants: $(INSTALLED)
	@$(BIN)/python -m tests.mutation $(ROOM)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --no-emit-index-url

requirements: $(INSTALLED)
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) .github/audit/requirements.in -o .github/audit/requirements.txt

clean:
	rm -rf $(VENV) node_modules cdk.out site dist .ecrctl
