# `make demo` and `make test` set everything up by themselves. EXTRA=gpu installs the CUDA build of vLLM instead;
# once installed it stays.
EXTRA ?= $(if $(wildcard .venv/.installed-gpu),gpu,cpu)
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin
UV := $(BIN)/uv
STAMP := .venv/.installed-$(EXTRA)
export DS_ACCELERATOR ?= $(if $(filter gpu,$(EXTRA)),cuda,cpu)
# PYTHONPATH of the caller must not shadow the pinned set.
unexport PYTHONPATH

.PHONY: setup demo test quick soak bench gpu gpu-wheels lint app lock

setup: $(STAMP)

$(UV):
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 12), "Python 3.11 or 3.12 is needed, not " + sys.version'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(STAMP): pyproject.toml requirements/$(EXTRA).txt | $(UV)
	$(UV) pip sync --require-hashes requirements/$(EXTRA).txt
	$(UV) pip install --no-deps --no-build-isolation --editable .
	rm -f .venv/.installed-*
	touch $@

demo: $(STAMP)
	$(BIN)/eureka demo

test: $(STAMP)
	$(BIN)/python -m pytest

# What a contributor runs at every change: no engine, no browser, nothing that takes long by itself.
quick: $(STAMP)
	$(BIN)/python -m pytest -m "not engine and not browser and not slow"

soak: $(STAMP)
	$(BIN)/python -m pytest tests/soak --timeout=7200

bench: $(STAMP)
	$(BIN)/python -m pytest tests/bench --timeout=3600 -s

# Minutes on one GPU: by the pinned set where it is installed for GPUs, else by the machine's own python3.
gpu: export DS_ACCELERATOR = cuda
gpu:
	$(if $(wildcard .venv/.installed-gpu),$(BIN)/python,python3) -m tests.gpu.learner

# What a machine that has its own torch and transformers lacks (Linux, x86-64, Python 3.12), to be carried there:
# python3 -m pip install --no-index --no-deps build/carry/*.whl
CARRIED := pydantic pydantic-core annotated-types typing-inspection typing-extensions
gpu-wheels: $(STAMP)
	mkdir -p build/carry
	$(BIN)/python -m pip download --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
	    --platform manylinux2014_x86_64 -d build/carry $(foreach name,$(CARRIED),$(shell grep -o '^$(name)==[^ ;]*' requirements/gpu.txt))
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation -w build/carry \
	    $(foreach name,hjson deepspeed,$(shell grep -o '^$(name)==[^ ;]*' requirements/gpu.txt))

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

app: $(STAMP)
	$(BIN)/eureka app

# Resolve the pins anew. The override: see requirements/overrides.txt.
lock: | $(UV)
	for extra in cpu gpu; do $(UV) pip compile pyproject.toml --universal --python-version 3.11 --extra $$extra --extra dev \
	    --override requirements/overrides.txt --generate-hashes --no-annotate --no-header -o requirements/$$extra.txt || exit 1; done
