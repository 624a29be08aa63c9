# The front page for developers: every target works alone as the first command on a fresh machine.

SHELL := /bin/bash
.DEFAULT_GOAL := help

OMP_WAIT_POLICY ?= passive
export OMP_WAIT_POLICY

SCRIPT ?= assets/scripts/first_light.txt
SIZE ?= small
DATA ?= data
OUT ?= runs/$(SIZE)

VENV := .venv
RUN := $(VENV)/bin/python
PIP_INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --prefer-binary
CHECK := .ci/check-system

# One stamp for each list of requirements; their checksum in its name makes a change install again.
STAMP := $(shell cat requirements.txt requirements-training.txt requirements-dev.txt | cksum | cut -d' ' -f1)
APP_READY := $(VENV)/.app-$(STAMP)
TRAINING_READY := $(VENV)/.training-$(STAMP)
DEV_READY := $(VENV)/.dev-$(STAMP)

.PHONY: help setup app demo test test-fast lint types format bench quality train clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(DEV_READY)  ## make the environment with everything that development needs

app: $(APP_READY)  ## open the page on http://127.0.0.1:7860
	@$(CHECK) ffmpeg
	$(RUN) app.py

demo: $(APP_READY)  ## speak a sample script into demo.wav, with captions in demo.json
	$(RUN) -m app speak $(SCRIPT) -o demo.wav --captions json

test: $(DEV_READY) lint types  ## lint, types and every test, the slow ones too
	@$(CHECK) flite ffmpeg chromium
	$(RUN) -m pytest -m "not network"

test-fast: $(DEV_READY)  ## the tests that take seconds
	@$(CHECK) flite ffmpeg
	$(RUN) -m pytest

lint: $(DEV_READY)  ## style, format and import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

types: $(DEV_READY)  ## two calls, because app.py stands beside app/
	$(VENV)/bin/mypy app benchmarks pipeline training
	$(VENV)/bin/mypy app.py

format: $(DEV_READY)  ## rewrite the files as `make lint` wants them
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: export ONEDNN_PRIMITIVE_CACHE_CAPACITY = 64
bench: $(DEV_READY)  ## speed of everything, and SoundStorm beside the autoregressive baseline
	@$(CHECK) flite
	$(RUN) -m benchmarks.floors
	$(RUN) -m benchmarks.speed
	$(RUN) -m benchmarks.comparison
	$(RUN) -m benchmarks.load

quality: $(DEV_READY)  ## the exam: words, voices, sound, timing; DATA=path adds people
	@$(CHECK) flite
	$(RUN) -m benchmarks.quality $(if $(wildcard $(DATA)/speech),--data $(DATA))

train: $(TRAINING_READY)  ## all stages: make train SIZE=small DATA=path/to/data
	@$(CHECK) flite
	$(RUN) -m training.recipe --size $(SIZE) --data $(DATA) --out $(OUT)

clean:  ## remove caches and demo output; keeps .venv and runs
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache demo.*
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(RUN):
	@$(CHECK) python
	@"$$($(CHECK) --print-python)" -m venv $(VENV)

$(APP_READY): | $(RUN)
	@rm -f $(VENV)/.app-* $(VENV)/.training-* $(VENV)/.dev-*
	@echo "Installing what the app needs; the first time this takes some minutes."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(TRAINING_READY): | $(RUN)
	@rm -f $(VENV)/.app-* $(VENV)/.training-* $(VENV)/.dev-*
	@echo "Installing what training needs; the first time this takes some minutes."
	@$(PIP_INSTALL) -r requirements-training.txt
	@touch $@ $(APP_READY)

$(DEV_READY): | $(RUN)
	@$(CHECK) compiler
	@rm -f $(VENV)/.app-* $(VENV)/.training-* $(VENV)/.dev-*
	@echo "Installing what development needs; the first time this takes some minutes."
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@ $(TRAINING_READY) $(APP_READY)
