# make demo   compile a model to parallel PyTorch, verify it, show the speed-up
# make test   lit over tests/filecheck, pytest over tests/unit
# make check  ruff and pyright
# make test-models  exports real architectures and verifies them
# make test-trained installs packages that ship trained models, and verifies those
# make benchmark    latency beside PyTorch, ONNX Runtime and OpenVINO; writes benchmarks/results
# make benchmark-footprint  seconds that compiling takes, memory that loading and running add
# make benchmark-throughput  samples a second of batches; writes docs/throughput.md
# make benchmark-executors   each executor beside the simulated makespan, serial beside a plain function
# make test-big     compiles a model of 3 GB within bounded memory
# make cluster-counts  clusters before and after merging, beside a public re-implementation's
# make scale        how scheduling and the whole compiler grow, up to 100,000 tasks
# make stress       10,000 calls of each executor from many threads, workers killed, leaks measured; 100,000 nodes
# make hosts        a package on two hosts that are network namespaces (as root)
# make readability  counts lines and names of the generated styles, beside pnnx, torch.fx and torch.export
# make conformance  ONNX's own backend tests, all of them; writes docs/conformance.md
# make conformance-baked  the same with all operands but the first as initializers
# make fuzz   fuzzing for hours: mutated models, coverage-guided, differential; docs/security.md
# Each sets up what it needs in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup demo test lit unit check test-models test-big scale conformance conformance-baked benchmark
.PHONY: stress hosts fuzz format clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/python examples/demo.py

test: lit unit

lit: $(STAMP)
	$(BIN)/lit tests/filecheck

unit: $(STAMP)
	$(BIN)/pytest --numprocesses 2 --dist worksteal

stress: $(STAMP)
	RAMIEL_STRESS=1 OMP_NUM_THREADS=1 $(BIN)/pytest tests/unit/runtime/test_stress.py tests/unit/runtime/test_processes.py tests/unit/hostile/test_large_graphs.py

hosts: $(STAMP)
	$(BIN)/python tests/hosts/two_hosts.py

test-models: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/python tests/models/verify_all.py

.PHONY: test-trained
test-trained: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/trained --requirement tests/models/trained_requirements.txt
	$(BIN)/python tests/models/trained.py --site build/trained

benchmark: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[benchmark]'
	$(BIN)/python -m benchmarks

test-big: $(STAMP)
	$(BIN)/python tests/models/big.py

scale: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scheduling_scale.py --plot benchmarks/results/scheduling_scale.svg
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/pipeline_scale.py

.PHONY: cluster-counts
cluster-counts: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/cluster_counts.py

readability: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/readability pnnx==20261020
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.readability

conformance: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python tests/conformance/run.py

conformance-baked: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python tests/conformance/run.py --baked

fuzz: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/run.py lift --runs 200000
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/run.py compile --runs 5000
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/texts.py --runs 20000
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/differential.py --graphs 5000
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/coverage_guided.py lift -atheris_runs=200000
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/coverage_guided.py compile -atheris_runs=5000

# How well the duration of a schedule is predicted: wants an idle machine.
.PHONY: benchmark-prediction
benchmark-prediction: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/python benchmarks/prediction.py

# Seconds that compiling takes, and memory that loading and running add.  Wants an idle machine.
.PHONY: benchmark-footprint
benchmark-footprint: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/python -m benchmarks.footprint

# Samples a second of batches, one way and another; writes docs/throughput.md.  Wants an idle machine.
.PHONY: benchmark-throughput
benchmark-throughput: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/python -m benchmarks.throughput

# Each executor beside the schedule's makespan, serial beside a plain function.  Wants an idle machine.
.PHONY: benchmark-executors
benchmark-executors: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/models/requirements.txt
	$(BIN)/python -m benchmarks.executors

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) build
