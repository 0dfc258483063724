# `make run` tries the site, `make test` proves it. Everything is written to $(DATA_DIR).

DATA_DIR ?= var
VENV ?= $(DATA_DIR)/venv
export DATA_DIR
export PIP_CACHE_DIR ?= $(abspath $(DATA_DIR))/cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONPYCACHEPREFIX ?= $(abspath $(DATA_DIR))/cache/pycache

BIN := $(VENV)/bin
NPM_DIR := $(DATA_DIR)/npm
KERN := $(NPM_DIR)/node_modules/@kern-ux/native
ASSETS := $(DATA_DIR)/assets
FONTS := $(ASSETS)/fonts/FiraSans-Regular.woff2 $(ASSETS)/fonts/FiraSans-SemiBold.woff2
STYLES := $(ASSETS)/css/site.css $(ASSETS)/css/admin.css
CATALOGUES := $(patsubst lenzen/%.po,$(DATA_DIR)/%.mo,$(wildcard lenzen/locale/*/LC_MESSAGES/django.po))
COLLECTED := $(DATA_DIR)/static/staticfiles.json

.PHONY: run test access check assets locale lock screenshots bench messages
.DELETE_ON_ERROR:

run: $(BIN)/.installed $(CATALOGUES) $(COLLECTED)
	@$(BIN)/python manage.py up

test: $(BIN)/.installed-dev $(CATALOGUES) $(COLLECTED)
	$(BIN)/python -m pytest -n 2 $(TESTS)

# The pages in their states: axe, valid HTML, narrow, dark, forced colours, keyboard.
access: $(BIN)/.installed-dev $(CATALOGUES) $(COLLECTED) $(if $(shell command -v java),$(NPM_DIR)/.installed-dev)
	$(BIN)/python -m pytest -n 2 -m access $(TESTS)

check: $(BIN)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z -- '*.html' | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	$(BIN)/mypy

# What `manage.py up` asks for: style sheet, fonts, collected files and catalogues.
assets: $(COLLECTED) $(CATALOGUES)

locale: $(CATALOGUES)

screenshots bench: $(BIN)/.installed-dev $(CATALOGUES) $(COLLECTED)
	$(BIN)/python manage.py $@

# For whoever changes the text: collects it anew. Needs GNU gettext.
messages: $(BIN)/.installed
	$(BIN)/python manage.py makemessages --locale de --no-location --no-wrap --no-obsolete --ignore var

# Python packages, exactly those of the lock

$(BIN)/.installed: requirements.txt
	@for python in python3 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  python=; \
	done; \
	test -n "$$python" || { echo "lenzen: Python 3.11 or newer is needed." >&2; exit 1; }; \
	echo "Installing the Python packages named in requirements.txt …"; \
	$$python -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

$(BIN)/.installed-dev: requirements-dev.txt $(BIN)/.installed
	@echo "Installing the tools named in requirements-dev.txt …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

# Locks name no address, so that they install from any package index. `make lock
# UPGRADE=--upgrade` takes what is new; without it only what pyproject.toml asks changes.
UPGRADE ?=
LOCKS ?= .
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate $(UPGRADE)
lock: $(BIN)/.installed-dev $(NPM_DIR)/.installed
	$(COMPILE) pyproject.toml -o $(LOCKS)/requirements.txt
	$(COMPILE) pyproject.toml --group dev -c $(LOCKS)/requirements.txt -o $(LOCKS)/requirements-dev.txt
	$(COMPILE) --group node -o $(LOCKS)/requirements-node.txt
	$(NPM) install --prefix $(LOCKS) --package-lock-only --omit-lockfile-registry-resolved

# Style sheet and fonts, from KERN

WITH_NODE := PATH="$$PATH:$(abspath $(BIN))"
NPM := $(WITH_NODE) npm --cache $(abspath $(DATA_DIR))/cache/npm --silent --ignore-scripts

$(NPM_DIR)/.installed: package.json package-lock.json | $(BIN)/.installed
	@mkdir -p $(NPM_DIR)
	@cp package.json package-lock.json $(NPM_DIR)/
	@command -v npm >/dev/null || { \
	  echo "There is no npm here: downloading Node.js from the Python package index (200 MB, once)," \
	    "because the style sheet is made with npm packages."; \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.txt; }
	@echo "Installing the npm packages named in package-lock.json …"
	@$(NPM) ci --prefix $(NPM_DIR) --omit=optional --omit=dev
	@touch $@

$(NPM_DIR)/.installed-dev: $(NPM_DIR)/.installed
	@echo "Installing the HTML checker named in package-lock.json …"
	@$(NPM) ci --prefix $(NPM_DIR) --omit=optional
	@touch $@

$(STYLES): $(ASSETS)/css/%.css: $(shell find static -name '*.scss') $(NPM_DIR)/.installed
	@$(WITH_NODE) $(NPM_DIR)/node_modules/.bin/sass --style compressed --no-source-map \
	  --quiet-deps --load-path $(NPM_DIR)/node_modules static/css/$*.scss $@

# Latin letters only: a third of a font's size.
$(FONTS): $(ASSETS)/fonts/%.woff2: $(NPM_DIR)/.installed
	@mkdir -p $(@D)
	@$(BIN)/pyftsubset $(KERN)/dist/fonts/fira-sans/$*.woff2 --output-file=$@ --flavor=woff2 \
	  --layout-features=kern,liga,locl,ccmp,mark,mkmk,tnum --unicodes=$(LATIN) 2>/dev/null
LATIN := U+20-7E,U+A0-17F,U+2BB-2DC,U+2000-206F,U+20AC,U+2122,U+2190-2193,U+2212

# What the editor ships and no page asks for takes longer than all the rest together.
UNUSED := *.scss samples galleriffic file-icons a11yhelp mathjax codesnippet \
  django_htmx/ext django_htmx/htmax* django_htmx/*-4.* django_htmx/*-htmx.js django_htmx/htmx-2.js \
  ckeditor/ckeditor/lang/[!de]* ckeditor/ckeditor/plugins/*/lang/[!de]*

$(COLLECTED): $(shell find static -type f) $(STYLES) $(FONTS) requirements.txt
	@$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0 $(UNUSED:%=--ignore '%')
	@touch $@

# Translations

$(DATA_DIR)/%.mo: lenzen/%.po | $(BIN)/.installed
	@mkdir -p $(@D)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
