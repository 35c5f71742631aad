"""The base class of a compiled model: an nn.Module whose executor is a strategy."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor

from .distributed import DistributedExecutor
from .errors import ModelError
from .executor import Executor, Options
from .inference_only import InferenceOnly, refuse
from .inputs import Input, check_inputs, name_inputs
from .memory import give_back_memory, keep_freed_memory
from .processes import ProcessesExecutor
from .program import Cluster, Message, Program
from .serial import SerialExecutor
from .threads import ThreadsExecutor
from .weights import (
    Weight,
    Weights,
    WeightsFile,
    WeightTree,
    check_weights,
    of_tensors,
    read_weights,
)
from .weights_table import TABLE_FILE, read_table

EXECUTORS: dict[str, type[Executor]] = {
    "serial": SerialExecutor,
    "threads": ThreadsExecutor,
    "processes": ProcessesExecutor,
    "distributed": DistributedExecutor,
}
WEIGHTS_FILE = "weights.safetensors"


class ParallelModel(InferenceOnly):
    """A model whose clusters run in parallel.

        with Model.load() as model:
            logits = model(image)  # by position in graph order, or by name: model(data=image)

    A subclass says what it is in these attributes, and has no code of its own.
    """

    inputs: ClassVar[Sequence[Input]] = ()
    outputs: ClassVar[Sequence[str]] = ()
    clusters: ClassVar[Sequence[Cluster]] = ()
    channels: ClassVar[Sequence[Message]] = ()
    running_statistics: ClassVar[Sequence[str]] = ()
    """Floating weights that do not train, of batch norms: buffers, not parameters."""
    weights: ClassVar[Sequence[Weight] | None] = None
    """What the weights file must hold; None: what weights.json beside model.py lists or, without
    one, what the file beside model.py holds."""

    @classmethod
    def load(
        cls,
        executor: str = "threads",
        *,
        weights: str | Path | None = None,
        trainable: bool = False,
        timeout: float | None = None,
        start_method: str = "spawn",
        keep_memory: bool = True,
    ) -> Self:
        """The model with its weights, mapped from weights.safetensors beside model.py.

        executor: "threads", a thread per cluster; "processes", a process per cluster;
        "serial", everything on the calling thread; "distributed", on ranks started by torchrun.
        weights: another .safetensors file, with the same names, shapes and dtypes.
        trainable: parameters require gradients.
        timeout: seconds that a call may take before it raises CallTimeout.
        start_method: of worker processes: "spawn", fresh interpreters; or "fork", copies of this
        process, which start at once, but inherit its locks and whatever other threads do.
        keep_memory: keep what results needed for the next call, in the whole process; `close`
        gives it back.

        Raises WeightsError if a weight is missing or differs, ValueError for an unknown option.
        """
        own_file = cls.folder() / WEIGHTS_FILE
        needed = cls.weights if cls.weights is not None else cls.needed_weights()
        file = Path(weights) if weights is not None else own_file
        tensors = read_weights(file) if needed or file.exists() else {}
        check_weights(needed, tensors, file)
        needed_tensors = {weight.name: tensors[weight.name] for weight in needed}
        return cls(
            needed_tensors,
            executor,
            trainable=trainable,
            timeout=timeout,
            start_method=start_method,
            keep_memory=keep_memory,
            file=WeightsFile(file, needed_tensors) if needed_tensors else None,
        )

    @classmethod
    def needed_weights(cls) -> Sequence[Weight]:
        """What the package says of its weights.  Raises WeightsError if it says nothing valid."""
        table = cls.folder() / TABLE_FILE
        if table.exists():
            return read_table(table)
        return of_tensors(read_weights(cls.folder() / WEIGHTS_FILE))

    @classmethod
    def folder(cls) -> Path:
        """The folder of the package: where the class that lists the clusters was written."""
        owner = next(base for base in cls.__mro__ if "clusters" in vars(base))
        return Path(inspect.getfile(owner)).resolve().parent

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        executor: str = "threads",
        *,
        trainable: bool = False,
        timeout: float | None = None,
        start_method: str = "spawn",
        keep_memory: bool = True,
        file: WeightsFile | None = None,
    ) -> None:
        """A model with these weights; see load.  `file`: where they were mapped from."""
        super().__init__()
        if executor not in EXECUTORS:
            raise ValueError(f"no executor {executor!r}: there are {', '.join(EXECUTORS)}")
        if trainable and self.inference_only:
            refuse(type(self).__name__, "it does not train")
        self._executor_name = executor
        self._options = Options(timeout, start_method, keep_memory, file)
        self._executor = self._new_executor()
        self._tree = WeightTree()
        # One weight of each floating dtype tells later what .to(dtype) made of it.
        floating = ((name, t.dtype) for name, t in tensors.items() if t.is_floating_point())
        self._witnesses = {dtype: name for name, dtype in floating}
        with torch.inference_mode(False):
            self._tree.register(self, tensors, trainable=trainable, buffers=self.running_statistics)
        self.train(trainable)

    def forward(self, /, *tensors: Tensor, **named: Tensor) -> Any:
        """The model's output, or a tuple of its outputs in graph order.

        Tensors are given in graph order or by name; `model(**{"x.1": tensor})` if a name is no
        identifier.  Raises InputError before anything runs if one does not fit, and what the
        executor's `run` raises.
        """
        return self._outputs(self._executor.run(*self._call(tensors, named)))

    def stream(self, inputs: Iterable[Any], depth: int = 4) -> Generator[Any]:
        """The outputs for consecutive inputs, in their order; `depth` calls overlap.

            for probabilities in model.stream(images):

        Each item is a tensor, a tuple of inputs in graph order, or a dictionary by name.  At most
        `depth` items are taken that no output has been given for.  An error, also of `inputs`
        itself, is raised in its item's place, and ends the stream.
        """
        if depth < 1:
            raise ValueError(f"depth must be at least 1, got {depth}")
        calls = (self._call(*_arguments(item)) for item in inputs)
        return self._stream(calls, depth)

    def _stream(
        self, calls: Iterable[tuple[dict[str, Any], Weights]], depth: int
    ) -> Generator[Any]:
        with closing(self._executor.stream(calls, depth)) as results:
            for result in results:
                yield self._outputs(result)

    def _call(
        self, tensors: Sequence[object], named: Mapping[str, object]
    ) -> tuple[dict[str, Any], Weights]:
        """What the executor gets: checked inputs, and the weights as they are now."""
        w = self._tree.collect()
        cast = {dtype: w[name].dtype for dtype, name in self._witnesses.items()}
        return check_inputs(self.inputs, name_inputs(self.inputs, tensors, named), cast), w

    def _outputs(self, results: Mapping[str, Any]) -> Any:
        """One output, or a tuple in graph order."""
        if missing := [name for name in self.outputs if name not in results]:
            raise ModelError(f"{type(self).__name__}: no cluster returned {missing[0]!r}")
        if len(self.outputs) == 1:
            return results[self.outputs[0]]
        return tuple(results[name] for name in self.outputs)

    @property
    def renamed_weights(self) -> Mapping[str, str]:
        """Weights whose names cannot be a path of submodules: own name to parameter name."""
        return self._tree.renamed

    def serve(self) -> None:
        """With the executor distributed, on every rank but 0: work until rank 0 closes the model.

        Raises ModelError if a rank is lost.
        """
        self._executor.serve(self._tree.collect())

    def close(self) -> None:
        """End the workers; further calls raise ClosedError."""
        self._executor.close()
        if self._options.keep_memory:
            give_back_memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def extra_repr(self) -> str:
        return f"executor={self._executor_name!r}, clusters={len(self.clusters)}"

    def __getstate__(self) -> dict[str, Any]:
        """For copy and pickle: a copy has the same weights and options, and its own workers."""
        return {key: value for key, value in self.__dict__.items() if key != "_executor"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # pyright: ignore[reportUnknownMemberType]
        self._options = replace(self._options, file=None)  # its weights are in memory
        self._executor = self._new_executor()

    def _new_executor(self) -> Executor:
        if self._options.keep_memory:
            keep_freed_memory()
        program = Program(type(self).__name__, self.clusters, self.channels)
        return EXECUTORS[self._executor_name](program, self._options)


def _arguments(item: Any) -> tuple[Sequence[object], Mapping[str, object]]:
    """An item of a stream, as the arguments of a call."""
    if isinstance(item, Mapping):
        return (), cast("Mapping[str, object]", item)
    return (cast("tuple[object, ...]", item) if isinstance(item, tuple) else (item,)), {}
