"""One stage of a task.cluster as one async function; see docs/hyperclusters.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue

from ramiel.backend.cluster_printer import ClusterPrinter, annotation, cluster_name
from ramiel.backend.liveness import dropped_after
from ramiel.backend.naming import Names
from ramiel.backend.source import Source
from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.task import ClusterOp, OutputOp, ProgramOp, RecvOp, SendOp
from ramiel.dialects.task_workers import stages_of
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.dialects.torch_control import IfOp, LoopOp
from ramiel.operators.rendering import quote


@dataclass(frozen=True)
class PrintedStage:
    """A stage of a cluster: its operations, what it reads from before and leaves for later."""

    name: str
    operations: Sequence[Operation]
    reads: Sequence[SSAValue]
    """Arguments of the program, and values of earlier stages of the cluster."""
    leaves: Sequence[SSAValue]
    """What later stages of the cluster read."""


def stages_to_print(program: ProgramOp, cluster: ClusterOp) -> list[PrintedStage]:
    """The stages of a cluster.  Weights are at hand everywhere."""
    cut = stages_of(cluster)
    used = [_values_used(operations) for operations in cut]
    stages: list[PrintedStage] = []
    before: dict[SSAValue, None] = dict.fromkeys(program.arguments)
    for index, operations in enumerate(cut):
        own = [
            result
            for op in operations
            if not isinstance(op, WeightOp | PrepareOp)
            for result in op.results
        ]
        later: set[SSAValue] = {value for values in used[index + 1 :] for value in values}
        stages.append(
            PrintedStage(
                f"{cluster_name(cluster)}_stage_{index}",
                operations,
                [value for value in before if value in used[index]],
                [value for value in own if value in later],
            )
        )
        before.update(dict.fromkeys(own))
    return stages


def _values_used(operations: Iterable[Operation]) -> set[SSAValue]:
    return {value for op in operations for inner in op.walk() for value in inner.operands}


def value_keys(program: ProgramOp, names: Names) -> dict[SSAValue, str]:
    """Under which name the stages of a sample keep a value; an output's is its own."""
    model_names = {*program.argument_names(), *program.result_names()}
    keys: dict[SSAValue, str] = dict(zip(program.arguments, program.argument_names(), strict=True))
    for cluster in program.clusters:
        for stage in stages_to_print(program, cluster):
            for value in stage.leaves:
                key = names[value]
                while key in model_names:
                    key += "_"
                keys[value] = key
    return keys


class StagePrinter(ClusterPrinter):
    """Prints one stage of a cluster."""

    def __init__(
        self,
        source: Source,
        program: ProgramOp,
        cluster: ClusterOp,
        names: Names,
        stage: PrintedStage,
        keys: Mapping[SSAValue, str],
    ) -> None:
        super().__init__(source, program, cluster, names)
        self.stage = stage
        self.keys = keys

    def print(self) -> None:
        """Print the function."""
        values = [f"{self.names[value]}: {_annotation(value)}" for value in self.stage.reads]
        parameters = ", ".join([*values, "w: Weights", "channels: SampleChannels"])
        self.source.statement(f"async def {self.stage.name}({parameters}) -> dict[str, Any]:", 0)
        self._docstring()
        statements = [
            op
            for op in self.stage.operations
            if not isinstance(op, OutputOp | WeightOp | PrepareOp)
        ]
        returned = [op.value for op in self.stage.operations if isinstance(op, OutputOp)]
        self.dropped = dropped_after(statements, [*self.stage.leaves, *returned])
        self._sections(statements)
        results = {self.keys[value]: self.names[value] for value in self.stage.leaves}
        model_names = self.program.result_names()
        for op in self.stage.operations:
            if isinstance(op, OutputOp):
                results[model_names[op.position]] = self.names[op.value]
        text = ", ".join(f"{quote(key)}: {name}" for key, name in results.items())
        self.source.statement(f"return {{{text}}}")
        self.regions.print_functions()

    def _docstring(self) -> None:
        calls = sum(isinstance(op, CallOp | IfOp | LoopOp) for op in self.stage.operations)
        lines = [f'    """{calls} operation{"s" * (calls != 1)} of {cluster_name(self.cluster)}.']
        for kind, verb in ((RecvOp, "Receives"), (SendOp, "Sends")):
            lines += self._messages(
                verb, [op for op in self.stage.operations if isinstance(op, kind)]
            )
        if len(lines) == 1:
            lines[0] += '"""'
        else:
            lines.append('    """')
        self.source.add(*lines)


def _annotation(value: SSAValue) -> str:
    return "int" if isinstance(value.type, IndexType) else annotation(value.type)
