"""Evaluating a torch.call: its own printed expression, on values or on shapes alone."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Sequence
from types import CodeType, SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, SSAValue

from ramiel import element_types
from ramiel.dialects.torch import CalleeOperation
from ramiel.errors import RamielError
from ramiel.operators import registry
from ramiel.operators.rendering import render
from ramiel.tensors import dims_of, static_shape, tensor_type


@functools.cache
def _namespace() -> dict[str, Any]:
    helpers = {
        callee.helper_name: callee.helper_function
        for callee in registry.callees()
        if callee.helper_name is not None
    }
    return {
        "torch": torch,
        "F": F,
        "math": math,
        "operators": SimpleNamespace(**helpers),
    }


@functools.lru_cache(maxsize=4096)
def _compile(text: str) -> CodeType:
    return compile(text, "<torch.call>", "eval")


def evaluate(op: CalleeOperation, operands: Sequence[Any]) -> tuple[Any, ...]:
    """The results of a call on operand values (tensors), one for each result of the operation.

    Raises what the callee raises.
    """
    names = {value: f"v{index}" for index, value in enumerate(op.operands)}
    scope = {names[value]: given for value, given in zip(op.operands, operands, strict=True)}
    result = eval(_compile(render(op, names.__getitem__)), {**_namespace(), **scope})
    if len(op.results) == 1:
        return (result,)
    return tuple(result)


def expression_function(op: CalleeOperation) -> Callable[..., Any]:
    """The call as a function of its operands, in order of `op.operands`, made once.

    For whoever runs it often: nothing is rendered or compiled again.
    """
    names = [f"v{index}" for index in range(len(op.operands))]
    positions: dict[SSAValue, str] = dict(zip(op.operands, names, strict=True))
    text = f"lambda {', '.join(names)}: {render(op, positions.__getitem__)}"
    return eval(_compile(text), _namespace())


def infer_result_types(op: CalleeOperation) -> list[Attribute] | None:
    """The result types from the operand types, by a run on meta tensors.

    Where a dimension is not known, or so long that the run could take long, the element types
    alone are, and the shapes unranked.  None if an operand's rank is not known or the callee needs
    values.
    """
    if op.callee.key in RECURRENT and may_loop(op):
        return None
    names = {value: f"v{index}" for index, value in enumerate(op.operands)}
    types = tuple((names[value], value.type) for value in names)
    try:
        longest = LONGEST_LOOP if op.callee.may_loop else sys.maxsize
        found = _infer(render(op, names.__getitem__), types, len(op.results), longest)
    except Exception:  # torch raises many kinds for what does not fit
        return None
    return None if found is None else list(found)


@functools.lru_cache(maxsize=4096)
def _infer(
    text: str, types: tuple[tuple[str, Attribute], ...], count: int, longest: int
) -> tuple[Attribute, ...] | None:
    """The types of an expression's results: layers of a model repeat, and meta tensors are slow."""
    scope = {name: _meta_tensor(type, longest) for name, type in types}
    known = all(_is_whole(type, longest) for _, type in types)
    result = eval(_compile(text), {**_namespace(), **scope})
    results: tuple[Any, ...] = (result,) if count == 1 else tuple(result)
    # With 1 for a size that is not known, a split may give fewer pieces.
    if len(results) != count or not all(isinstance(one, torch.Tensor) for one in results):
        return None
    return tuple(
        tensor_type(element_types.of_torch(one.dtype).mlir, list(one.shape) if known else None)
        for one in results
    )


LONGEST_LOOP = 1 << 16
"""A helper is Python and may loop over a dimension, as torch's recurrent layers do on meta tensors:
beyond this not when compiling."""
RECURRENT = ("torch.rnn_tanh", "torch.rnn_relu", "torch.gru", "torch.lstm")


def may_loop(op: CalleeOperation) -> bool:
    """Whether evaluating a call may take Python longer than compiling should."""
    sizes = [dim for value in op.operands for dim in dims_of(value.type) or ()]
    longest = max((size for size in sizes if isinstance(size, int)), default=0)
    loops = op.callee.may_loop or op.callee.key in RECURRENT
    return loops and longest > LONGEST_LOOP


def _is_whole(type: Attribute, longest: int) -> bool:
    """Whether a meta tensor has the type's own shape."""
    shape = static_shape(type)
    return shape is not None and max(shape, default=0) <= longest


def _meta_tensor(type: Attribute, longest: int) -> torch.Tensor | int:
    """A tensor of a type without values; 1 for an integer and a size not known or too long.

    Raises RamielError for a type whose rank is not known or that torch has not.
    """
    if isinstance(type, IndexType):
        return 1
    dims = dims_of(type)
    if dims is None:
        raise RamielError("its rank is not known")
    shape = [dim if isinstance(dim, int) and dim <= longest else 1 for dim in dims]
    name = element_types.of_mlir(type).torch
    return torch.empty(shape, dtype=getattr(torch, name), device="meta")
