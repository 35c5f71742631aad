"""`fuse-linear`: a matrix product with a weight, and the bias after it, are PyTorch's linear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import WeightOp
from ramiel.frontend.names import identifier
from ramiel.locations import node_name
from ramiel.tensors import Array, dims_of, element_of, static_shape
from ramiel.transforms.module_paths import module_path
from ramiel.transforms.recover_names import is_numbered
from ramiel.transforms.torch_rewriting import TorchMatch, apply_torch_patterns, calls
from ramiel.weights import Reader, WeightStore

LINEAR = "torch.nn.functional.linear"
TRANSPOSED = "_transpose"
"""How `constant-fold` ends the name of a folded Transpose."""


@dataclass(frozen=True)
class FuseLinear(ModulePass):
    """x @ w + b -> F.linear(x, wᵀ, b), the weight in PyTorch's orientation.

    Args:
        keep_parameters: only where the network had the weight in that orientation, and a Transpose
            of it was folded.

    """

    name = "fuse-linear"
    keep_parameters: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        product = product_with_own_weight if self.keep_parameters else product_with_weight
        apply_torch_patterns(op, [product, bias_of_linear])


@calls("operator.matmul")
def product_with_weight(match: TorchMatch) -> None:
    """x @ w = F.linear(x, wᵀ)"""
    x, weight = match.op.operands[0], _matrix(match, match.op.operands[1])
    if weight is None or len(dims_of(x.type) or []) < 2:
        return
    name = transposed_name(match.store, weight.weight_name.data)
    match.become(LINEAR, [x, _transposed(match, weight, name)], {})


@calls("operator.matmul")
def product_with_own_weight(match: TorchMatch) -> None:
    """x @ wᵀ = F.linear(x, w), if the Transpose was folded: by us, or by who numbered the weight"""
    weight = _matrix(match, match.op.operands[1])
    if weight is None:
        return
    name = weight.weight_name.data
    turned = is_numbered(name) and bool(module_path(node_name(match.op)))
    if turned or own_name(match.store, name):
        product_with_weight.function(match)


@calls("operator.add")
def bias_of_linear(match: TorchMatch) -> None:
    """F.linear(x, w) + b = F.linear(x, w, b)"""
    if len(match.op.operands) != 2:
        return
    for index in (0, 1):
        linear = match.producer(match.op.operands[index], LINEAR)
        bias = match.weight(match.op.operands[1 - index])
        if linear is None or bias is None or len(linear.operands) != 2:
            continue
        if _is_bias(linear.results[0], bias):
            match.become(LINEAR, [*linear.operands, bias.result], {}, named_after=linear)
            return


def _matrix(match: TorchMatch, value: SSAValue) -> WeightOp | None:
    """The weight that a value is, if it is a matrix."""
    weight = match.weight(value)
    shape = static_shape(weight.result.type) if weight is not None else None
    return weight if shape is not None and len(shape) == 2 else None


def _is_bias(product: SSAValue, bias: WeightOp) -> bool:
    """Whether the weight is a vector with an element for each column of the product."""
    columns = (dims_of(product.type) or [None])[-1]
    same = element_of(bias.result.type) == element_of(product.type)
    return static_shape(bias.result.type) == (columns,) and same


def _transposed(match: TorchMatch, weight: WeightOp, name: str) -> SSAValue:
    element, shape = element_of(weight.result.type), static_shape(weight.result.type)
    assert element is not None and shape is not None
    new = WeightOp(name, TensorType(element, shape[::-1]))
    new.result.name_hint = identifier(name, "weight")
    return match.insert(new, weight)


def transposed_name(store: WeightStore, name: str) -> str:
    """The name of a weight's transpose in the store, which gets it if it has none.

    It is made when it is read: both orders of all weights would be twice their memory.
    """
    own = own_name(store, name)
    if own is not None:
        return own
    transposed = f"{name}.T"
    found = store.overlay.get(transposed)
    if isinstance(found, Transpose) and found.of == name:
        return transposed
    return store.add_reader(transposed, Transpose(name, store.reader(name)))


@dataclass(frozen=True)
class Transpose:
    """Reads a matrix of the store, and gives its transpose in one piece."""

    of: str
    read: Reader

    def __call__(self) -> Array:
        return np.ascontiguousarray(self.read().T)


def own_name(store: WeightStore, name: str) -> str | None:
    """The name of the weight that a folded Transpose read, None if there was none."""
    own = name.removesuffix(TRANSPOSED)
    if own == name or own not in store:
        return None
    same = store[own].ndim == 2 and np.array_equal(store[own].T, store[name])
    return own if same else None
