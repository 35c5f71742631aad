"""Watches a cluster's function, and writes down what its call does."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _pop_mode, _push_mode  # pyright: ignore

from .computation import Computation, observation
from .onednn import UnsupportedError
from .recorded_kernels import kernels_of
from .recording import Execution, Operation, Place, Receive, Recording, Send, mapped
from .storages import Storages, Unrecordable

READ_BY_PYTHON = frozenset({"tolist", "numpy", "__array__", "__dlpack__"})
"""What hands a tensor's numbers to code that the recording does not have."""
DEPENDS_ON_MORE = (
    torch.Tag.data_dependent_output,
    torch.Tag.dynamic_output_shape,
    torch.Tag.nondeterministic_seeded,
)
"""Operators whose results have another shape, or other numbers, at each call."""


class Recorder(TorchDispatchMode):
    """Writes down the operators and primitives that a thread runs while it watches.

    `failure` says why there is no recording, if the call did something that none can contain.
    """

    def __init__(self, arguments: Sequence[Tensor], weights: Iterable[Tensor]) -> None:
        super().__init__()
        self.failure: str | None = None
        self._is_paused = False
        self._reading = _Reading(self)
        self._storages = Storages()
        self.recording = Recording(self._storages.buffers)
        self.arguments = list(arguments)
        """What the cluster is to be given: copies of those that share memory with others."""
        with self._writing():
            for weight in weights:
                self._storages.add_constant(weight)
            self.arguments = [self._storages.given(argument) for argument in arguments]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: to keep its compiler out of here PyTorch would import it, which takes 80 MB."""
        return False

    @contextmanager
    def watching(self) -> Generator[None]:
        """What this thread computes in the context is the cluster's."""
        observation.observer = self._executed
        # Entering the mode would change what all threads are told of modes.
        _push_mode(self)
        try:
            with self._reading:
                yield
        finally:
            _pop_mode()
            observation.observer = None

    @contextmanager
    def paused(self) -> Generator[None]:
        """What this thread computes in the context is not the cluster's."""
        before, self._is_paused = self._is_paused, True
        try:
            yield
        finally:
            self._is_paused = before

    def sent(self, value: str, tensor: Any, to: str) -> None:
        """The cluster sends a value."""
        with self._writing():
            self.recording.steps.append(Send(value, mapped(tensor, self._operand), to))

    def received(self, value: str, source: str, tensor: Any) -> Any:
        """The cluster has received a value: what it is to be given in its place."""
        with self._writing():
            if type(tensor) is not Tensor:
                raise Unrecordable(f"{value!r} is no plain tensor")
            self.recording.steps.append(Receive(value, source, len(self._storages.buffers)))
            return self._storages.given(tensor)
        return tensor

    def returned(self, outputs: Any) -> None:
        """The cluster has ended."""
        with self._writing():
            self.recording.outputs = mapped(outputs, self._operand)

    def read(self, how: str) -> None:
        """Python's code gets to see a tensor's numbers."""
        if not self._is_paused:
            self.failure = self.failure or f"it reads the numbers of a tensor ({how})"

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = cast("dict[str, Any]", kwargs or {})
        result = func(*args, **options)
        if not self._is_paused:
            with self._writing():
                self._called(func, args, options, result)
        return result

    @contextmanager
    def _writing(self) -> Generator[None]:
        """What fails in this context ends the recording, and not the call."""
        with self.paused():
            try:
                yield
            except (Unrecordable, RuntimeError, NotImplementedError) as error:
                self.failure = self.failure or str(error)

    def _called(self, function: Any, arguments: Any, options: Any, result: Any) -> None:
        if self.failure is not None:
            return
        name = function.overloadpacket.__name__
        is_plain_index = name == "index" and not any(map(_is_mask, arguments[1]))
        if any(tag in function.tags for tag in DEPENDS_ON_MORE) and not is_plain_index:
            raise Unrecordable(f"{function} gives more than its operands' shapes tell")
        if torch.Tag.inplace_view in function.tags and name != "detach_":
            raise Unrecordable(f"{function} changes a tensor's shape in place")
        results = _listed(result)
        if name in ("lift_fresh", "detach_"):  # numbers in the code, if nothing else
            if not self._storages.is_known(result):
                self._storages.add_constant(result)
        elif name.startswith("empty"):
            self._storages.add(result, is_own=True)
        elif written := _written(function, arguments, options):
            for tensor in written:
                self._storages.check_written(tensor)
            self._operation(function, arguments, options, results)
        elif all(self._storages.is_known(tensor) for tensor in results if tensor is not None):
            pass  # views of what is known
        elif not self._replaced(name, arguments, options, result):
            self._operation(function, arguments, options, results)

    def _replaced(self, name: str, arguments: Any, options: Any, result: Any) -> bool:
        """Write down primitives in the place of an operator, if there are some."""
        try:
            kernels = kernels_of(name, arguments, options, result)
        except (UnsupportedError, TypeError, AttributeError):
            return False
        mapped((arguments, options), self._operand)  # before zeros count as known
        self._storages.add(result, is_own=True)
        for primitive, y, operands in kernels:
            for operand in operands:
                if not self._storages.is_known(operand):  # zeros, of the kernel's own
                    self._storages.add_constant(operand)
            self._execution(primitive, y, operands)
        return True

    def _operation(self, function: Any, arguments: Any, options: Any, results: list[Any]) -> None:
        places, keywords = mapped((arguments, options), self._operand)
        new: list[tuple[int, int]] = []
        for index, tensor in enumerate(results):
            if tensor is not None and not self._storages.is_known(tensor):
                new.append((index, self._storages.add(tensor, is_own=False)))
        self.recording.steps.append(Operation(function, places, keywords, tuple(new)))

    def _executed(
        self, primitive: Computation, is_new: bool, y: Tensor, *operands: Tensor | None
    ) -> None:
        if self._is_paused or self.failure is not None:
            return
        with self._writing():
            if is_new:
                self._storages.add(y, is_own=True)
            self._execution(primitive, y, [x for x in operands if x is not None])

    def _execution(self, primitive: Computation, y: Tensor, operands: Sequence[Tensor]) -> None:
        self._storages.check_written(y)
        places = [self._storages.operand(tensor) for tensor in (y, *operands)]
        self.recording.steps.append(
            Execution(primitive, cast("Place", places[0]), tuple(places[1:]))
        )

    def _operand(self, leaf: Any) -> Any:
        if isinstance(leaf, torch.Generator):
            raise Unrecordable("a generator of random numbers")
        return self._storages.operand(leaf) if isinstance(leaf, Tensor) else leaf


class _Reading(TorchFunctionMode):
    """Sees what dispatch does not: where a tensor's numbers go to Python."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in READ_BY_PYTHON:
            self._recorder.read(name)
        return func(*args, **(kwargs or {}))


def _is_mask(index: Tensor | None) -> bool:
    """Whether an index picks as many elements as it is true for."""
    return index is not None and index.dtype in (torch.bool, torch.uint8)


def _written(function: Any, arguments: Sequence[Any], options: Any) -> list[Tensor]:
    """The operands that an operator writes to."""
    written: list[Tensor] = []
    for index, argument in enumerate(function._schema.arguments):
        if argument.alias_info is None or not argument.alias_info.is_write:
            continue
        given = arguments[index] if index < len(arguments) else options.get(argument.name)
        written += [leaf for leaf in _listed(given) if isinstance(leaf, Tensor)]
    return written


def _listed(result: Any) -> list[Any]:
    """What an operator returns.  Raises Unrecordable if that is no tensor."""
    items = [*cast("Sequence[Any]", result)] if isinstance(result, list | tuple) else [result]
    for item in items:
        if item is not None and not isinstance(item, Tensor):
            raise Unrecordable(f"an operator gives a {type(item).__name__}")
    return items
