"""The tensors of values that are known when compiling: constants and weights."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.tensors import Array, from_dense
from ramiel.weights import WeightStore


def known_value(value: SSAValue | None, store: WeightStore) -> Array | None:
    """A constant or weight in its own dtype, read from the store; None for what is computed."""
    match value.owner if value is not None else None:
        case ConstantOp(value=dense):
            return from_dense(dense)
        case WeightOp(weight_name=name):
            return store[name.data]
        case _:
            return None
