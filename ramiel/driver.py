"""`ramiel compile` as a function: a pipeline of passes, and the files around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path

from onnx import ModelProto
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, UnitAttr
from xdsl.passes import PassPipeline
from xdsl.universe import Universe
from xdsl.utils.exceptions import VerifyException

from ramiel.backend.module_printer import INFERENCE_ONLY, prediction
from ramiel.backend.stretches import TORCH_COMPILE
from ramiel.backend.target import find_program
from ramiel.costs.cost_file import costs_text
from ramiel.costs.machine import machine_of
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.frontend import check_model, lift_file, lift_model
from ramiel.frontend.names import identifier
from ramiel.garbage import seldom_collected
from ramiel.ir_text import text_of
from ramiel.options import HYPER, PRESETS, Options
from ramiel.precision import BFLOAT16, check_precision
from ramiel.remarks import collected
from ramiel.scheduling.algorithms import schedule
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.parallelism import Parallelism, measure_parallelism
from ramiel.scheduling.report import ScheduleReport, report_schedule
from ramiel.tensors import byte_size, static_shape
from ramiel.transforms.task_graph import Tasks, cost_of, is_task, read_tasks
from ramiel.transforms.task_program import MAKESPAN, SERIAL
from ramiel.weight_files import programs, weight_names

SIMPLIFY = ("infer-shapes", "canonicalize-onnx", "constant-fold", "cse", "dce")
PRUNE = ("upgrade-onnx", *SIMPLIFY, *SIMPLIFY)
"""Twice: a folded shape makes more shapes known."""
IDIOMS = ("fuse-pad", "fuse-crop", "fuse-gelu", "fuse-layer-norm", "fuse-attention", "dce")
"""What exporters took to pieces, as PyTorch has it: no parameter changes."""
FUSE = ("fuse-batch-norm", "fuse-affine", "symmetric-pads", "dce")
LOWER = ("integer-shapes", "convert-onnx-to-torch", "outline-constants")
LINEAR = {"fast": "fuse-linear", "faithful": "fuse-linear{keep-parameters=true}"}
REDUCE = ("reduce-precision", "cse", "dce")
CHOOSE = "choose-kernels"
KERNELS = ("pack-weights", "fuse-activation", "channels-last", CHOOSE, "cse", "dce")
"""What only runs well where PyTorch has oneDNN, as its builds for x86 and ARM have."""
DUPLICATE = "duplicate-tasks{min-gain-percent=1}"
"""A copy is one more line to read: not for less than one per cent."""
SUMS = "fuse-in-clusters"
RECORD = "record-clusters"
OPTIONAL = (
    *("constant-fold", *IDIOMS[:5], *FUSE[:3], "integer-shapes", "fuse-linear"),
    REDUCE[0],
    *KERNELS[:4],
    SUMS,
    RECORD,
)
"""Passes that a program runs without as well."""
EXTENSIONS = "ramiel.pipeline"
"""Entry-point group of extensions: each is a mapping from a stage, "onnx" (pruned, not lowered
yet) or "torch" (lowered, not clustered yet), to a pipeline string that runs there."""
STAGE_WEIGHTS = "weights.safetensors"
"""The file, beside the IR of the stages, that it takes its weights from."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Compilation:
    """A compiled program, and what the scheduler says about it."""

    module: ModuleOp
    verdict: str
    clusters_before_merging: int
    parallelism: Parallelism
    report: ScheduleReport
    """Of the schedule that was judged, also where the serial program took its place."""
    stages: Sequence[tuple[str, str]] = ()
    """(pass, IR after it), if asked for."""
    weights_of_stages: Sequence[str] = ()
    """The weights that the IR of the stages names."""
    costs: str = ""
    """The text of costs.json: what the schedule was made from."""
    remarks: Sequence[str] = ()
    """What passes did not do, and why."""

    @property
    def program(self) -> ProgramOp:
        """The task program."""
        return find_program(self.module)


@seldom_collected()
def load(model: str | Path | ModelProto, name: str | None = None) -> ModuleOp:
    """Lift a model from a file or from memory.  Raises RamielError if it is no valid model."""
    if isinstance(model, ModelProto):
        check_model(model, name or "the model")
        return lift_model(model, name or model.graph.name or "model")
    return lift_file(Path(model))


class Pipeline:
    """Runs passes by name on one module, all dialects and passes of all universes at hand."""

    def __init__(self, module: ModuleOp, progress: Progress | None = None) -> None:
        self.module = module
        self.progress = progress
        self.universe = Universe.get_multiverse()
        self.context = Context()
        for name, factory in self.universe.all_dialects.items():
            self.context.register_dialect(name, factory)
        self.stages: list[tuple[str, str]] | None = None
        self.weights_of_stages: dict[str, None] = {}

    def keep_stages(self) -> None:
        """Keep the IR as it is now, and after each pass from now on."""
        self.stages = []
        self._keep("lift")

    def _keep(self, stage: str) -> None:
        if self.stages is None:
            return
        self.stages.append((stage, text_of(self.module, STAGE_WEIGHTS)))
        for program in programs(self.module):
            self.weights_of_stages.update(dict.fromkeys(weight_names(program)))

    @seldom_collected()
    def run(self, specification: str | Sequence[str]) -> None:
        """Run the passes of a pipeline string.  Raises RamielError if one leaves invalid IR."""
        text = specification if isinstance(specification, str) else ",".join(specification)
        for one in PassPipeline.parse_spec(self.universe.all_passes, text).passes:
            if self.progress is not None:
                self.progress(one.name)
            one.apply(self.context, self.module)
            self._keep(one.name)
        try:
            self.module.verify()
        except VerifyException as error:
            raise RamielError(f"internal error after {text}: {error}") from error


def extension_passes(stage: str) -> list[str]:
    """The pipelines that installed extensions run at a stage, in the order of their names."""
    found = sorted(entry_points(group=EXTENSIONS), key=lambda entry: entry.name)
    return [text for entry in found if (text := entry.load().get(stage))]


def passes_of(options: Options) -> list[str]:
    """All passes up to clustering.  Raises RamielError for an unknown preset or pass."""
    preset = options.preset
    if preset not in PRESETS:
        raise RamielError(f"no preset {preset!r}; there are: {', '.join(PRESETS)}")
    fuse = FUSE if preset == "fast" else ()
    kernels = KERNELS if _has_kernels(options) else ()
    reduce = REDUCE if options.precision == BFLOAT16 else ()
    passes = [*PRUNE, *extension_passes("onnx"), *IDIOMS, *fuse, *LOWER]
    check_precision(options.precision, preset, options.portable)
    passes += [LINEAR[preset], "cse", "dce", "recover-names", *reduce, *kernels]
    for name in options.without:
        if name not in OPTIONAL:
            raise RamielError(f"no pass {name!r} can be left out; {', '.join(OPTIONAL)} can")
    kept = [name for name in passes if name.partition("{")[0] not in options.without]
    kept = [_choose_kernels(options) if name == CHOOSE else name for name in kept]
    return [*kept, *extension_passes("torch")]


def _choose_kernels(options: Options) -> str:
    """The pass, which measures where costs are measured."""
    measure = str(options.model == "profile").lower()
    costs = "" if options.costs is None else f' costs="{options.costs}"'
    return f"{CHOOSE}{{measure={measure}{costs} recorded={str(_records(options)).lower()}}}"


def lower_model(
    module: ModuleOp, options: Options, progress: Progress | None = None, keep_ir: bool = False
) -> Pipeline:
    """Everything up to clustering."""
    pipeline = Pipeline(module, progress)
    if keep_ir:
        pipeline.keep_stages()
    passes = passes_of(options)
    if options.dims:
        dims = ",".join(f'"{dim}"' for dim in options.dims)
        passes.insert(passes.index("infer-shapes"), f"infer-shapes{{dims={dims}}}")
    pipeline.run(passes)
    return pipeline


@seldom_collected()
def compile_model(
    model: str | Path | ModelProto,
    options: Options | None = None,
    progress: Progress | None = None,
    keep_ir: bool = False,
    package: str | None = None,
) -> Compilation:
    """Compile a model to a task program of torch.calls.

    `package` names the package in the generated text.  Raises RamielError.
    """
    with collected() as remarks:
        compilation = _compile(model, options or Options(), progress, keep_ir, package)
    return replace(compilation, remarks=tuple(remarks))


def _compile(
    model: str | Path | ModelProto,
    options: Options,
    progress: Progress | None,
    keep_ir: bool,
    package: str | None,
) -> Compilation:
    workers = options.usable_workers
    if options.batch != 1:  # a batch is there to run side by side, and has one core a cluster
        options = replace(options, force_parallel=True)
    module = load(model, package)
    pipeline = lower_model(module, options, progress, keep_ir)
    if options.torch_compile:
        check_torch_compile(_graph_of(module), options)
    costs = estimate(pipeline, options)
    tasks, machine = tasks_of(module), machine_of_module(module)
    parallelism = measure_parallelism(tasks.graph)
    algorithm = _algorithm(tasks, workers, options, machine)
    pipeline.run(f"cluster{{algorithm={algorithm} max-clusters={workers}}}")
    machine = machine_of(find_program(module)) or machine
    report = _report(tasks, find_program(module), workers, machine)
    if options.duplicate and report.pays and not _is_moldable(find_program(module)):
        pipeline.run(DUPLICATE)
        report = _report(tasks, find_program(module), workers, machine)
    verdict = _judge(pipeline, report, options)
    if _has_kernels(options) and SUMS not in options.without:
        pipeline.run(SUMS)
    if options.batch != 1:
        verdict = _lay_out_batch(pipeline, options)
    elif _records(options):
        pipeline.run(RECORD)
    program = find_program(module)
    if package is not None:
        program.sym_name = StringAttr(identifier(package, "model"))
    if options.torch_compile:
        program.attributes[TORCH_COMPILE] = UnitAttr()
    if options.preset == "fast":
        program.attributes[INFERENCE_ONLY] = UnitAttr()
    return Compilation(
        module,
        verdict,
        report.clusters,
        parallelism,
        report,
        tuple(pipeline.stages or ()),
        tuple(pipeline.weights_of_stages),
        costs,
    )


def _records(options: Options) -> bool:
    """Whether clusters are to be recorded."""
    return _has_kernels(options) and options.batch == 1 and RECORD not in options.without


def _has_kernels(options: Options) -> bool:
    """Whether the program is to use oneDNN's kernels."""
    return options.preset == "fast" and not (options.portable or options.torch_compile)


def check_torch_compile(graph: GraphOp, options: Options) -> None:
    """Raises RamielError for what is not compiled by torch.compile."""
    if options.preset != "fast":
        raise RamielError("--torch-compile freezes the weights: it goes with --preset fast")
    if options.batch != 1:
        raise RamielError("--torch-compile goes with --batch 1")
    for name, argument in zip(graph.argument_names(), graph.arguments, strict=True):
        if static_shape(argument.type) is None:
            raise RamielError(
                f"--torch-compile: input {name!r} has sizes that are not known; fix them with "
                "--dim NAME=SIZE"
            )


def estimate(pipeline: Pipeline, options: Options) -> str:
    """Run the cost model, then clone; returns the text of costs.json."""
    arguments = {"model": options.model, "costs": options.costs, "executor": options.executor}
    given = " ".join(f'{key}="{value}"' for key, value in arguments.items() if value is not None)
    given += f" recorded={str(_records(options)).lower()}"
    pipeline.run(f"estimate-cost{{{given}}}")
    graph = _graph_of(pipeline.module)
    priced = [(op, cost) for op in graph.block.ops if (cost := cost_of(op)) is not None]
    text = costs_text(priced, machine_of(graph), options.model)
    pipeline.run("clone")
    return text


def _graph_of(module: ModuleOp) -> GraphOp:
    return next(op for op in module.ops if isinstance(op, GraphOp))


def machine_of_module(module: ModuleOp) -> Machine:
    """What the module's costs were estimated for; ideal but for messages if they do not say."""
    return machine_of(_graph_of(module)) or Machine()


def tasks_of(module: ModuleOp) -> Tasks:
    """The tasks of the module's graph."""
    graph = _graph_of(module)
    tasks = [op for op in graph.block.ops if is_task(op)]
    return read_tasks(tasks, [tasks])


def _algorithm(tasks: Tasks, workers: int, options: Options, machine: Machine) -> str:
    """Moldable; linear clusters if the program has to be parallel though it gains nothing."""
    if not options.force_parallel:
        return "moldable"
    message = machine.message
    clusters = schedule("portfolio", tasks.graph, message, workers, tasks.ordered, machine)
    gains = len(clusters) > 1
    return "portfolio" if gains else "linear"


def _report(tasks: Tasks, program: ProgramOp, workers: int, machine: Machine) -> ScheduleReport:
    """What is said of the program that the tasks were moved to."""
    number = {op: task for task, op in enumerate(tasks.operations)}
    clusters = [[number[op] for op in c.block.ops if op in number] for c in program.clusters]
    widths = [cluster.cores for cluster in program.clusters]
    report = report_schedule(tasks.graph, clusters, machine.message, workers, machine, widths)
    # Copies, which are no tasks of the graph, make it faster than that.
    return replace(
        report,
        messages=len(program.channels),
        message_bytes=sum(byte_size(channel.recv.result.type) for channel in program.channels),
        makespan_ns=prediction(program, MAKESPAN) or report.makespan_ns,
    )


def _judge(pipeline: Pipeline, report: ScheduleReport, options: Options) -> str:
    """Say what parallelism is predicted to gain; fall back to one cluster if it gains nothing."""
    count = report.merged_clusters
    program = find_program(pipeline.module)
    if count == 1:
        cores = _cores_text(next(iter(program.clusters)).cores)
        return f"one cluster{cores}: {report.reason()}; {report.figures()}"
    gain = f"{report.gain:.2f} times as fast as serial"
    widest = max(cluster.cores for cluster in program.clusters)
    clusters = f"{count} clusters" + (f", one of them{_cores_text(widest)}" if widest > 1 else "")
    if report.pays:
        return f"{clusters}, {gain}: {report.figures()}"
    if options.force_parallel:
        return f"{clusters}, kept by force, {gain}: {report.figures()}"
    pipeline.run(f"serialize{{width={report.best_serial_width}}}")
    serial = f"serial{_cores_text(report.best_serial_width)}"
    return f"{serial}: {report.reason()}; {clusters} would be {gain}: {report.figures()}"


def _lay_out_batch(pipeline: Pipeline, options: Options) -> str:
    """Make hyperclusters; says what is predicted of them.  Raises RamielError."""
    if options.hyper not in HYPER:
        raise RamielError(f"no hyperclusters {options.hyper!r}; there are: {', '.join(HYPER)}")
    switched = str(options.hyper == HYPER[1]).lower()
    pipeline.run(f"hypercluster{{batch={options.batch} switched={switched}}}")
    program = find_program(pipeline.module)
    serial, parallel = (prediction(program, key) for key in (SERIAL, MAKESPAN))
    gain = f", {serial / parallel:.2f} times as fast as serial" if parallel else ""
    clusters = len(program.clusters)
    return f"{options.batch} samples, {clusters} {options.hyper} clusters{gain}"


def _cores_text(width: int) -> str:
    return f" on {width} cores" if width > 1 else ""


def _is_moldable(program: ProgramOp) -> bool:
    return any(cluster.cores > 1 for cluster in program.clusters)
