"""`reduce-precision`: heavy operations compute in bfloat16, with conversions only at borders.

As torch.autocast decides: a convolution or matrix product converts what it reads, an operation
that moves or rounds numbers keeps the type of what it reads, and all others get float32.  Products
are summed, and layers normalized, in float32 inside PyTorch's and oneDNN's kernels; softmax and
other reductions stay in float32 altogether, as do the model's inputs and outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import BFloat16Type, IndexType, ModuleOp, StringAttr, f32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel import element_types
from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.dialects.torch import CallOp, DtypeAttr
from ramiel.locations import inherit_location
from ramiel.tensors import dims_of, element_of, tensor_type
from ramiel.transforms.type_inference import set_type

F = "torch.nn.functional"
ATTENTION = f"{F}.scaled_dot_product_attention"
COMPUTES = frozenset(
    {
        *(f"{F}.conv{rank}d" for rank in (1, 2, 3)),
        *(f"{F}.conv_transpose{rank}d" for rank in (1, 2, 3)),
        *(f"{F}.linear", ATTENTION, "operator.matmul", "torch.addmm", "torch.einsum"),
    }
)
"""Callees that are faster in bfloat16, and sum in float32."""
NORMALIZES = frozenset(
    {f"{F}.layer_norm", "layer_norm_like_weight", f"{F}.batch_norm", f"{F}.group_norm"}
)
"""Callees that normalize in float32 what they read, with float32 weights."""
KEEPS = frozenset(
    {
        *(f"{F}.{name}_pool{rank}d" for name in ("max", "avg") for rank in (1, 2, 3)),
        *(f"{F}.adaptive_{name}_pool{rank}d" for name in ("max", "avg") for rank in (1, 2, 3)),
        *(f"Tensor.{name}" for name in ("reshape", "flatten", "unflatten", "squeeze", "unsqueeze")),
        *(f"Tensor.{name}" for name in ("transpose", "permute", "chunk", "split", "__getitem__")),
        *(f"{F}.{name}" for name in ("pad", "silu", "gelu", "hardswish", "hardsigmoid", "mish")),
        *(f"{F}.{name}" for name in ("leaky_relu", "elu", "pixel_shuffle", "pixel_unshuffle")),
        *("torch.relu", "torch.sigmoid", "torch.tanh", "torch.cat", "Tensor.clamp"),
        *("operator.add", "operator.sub", "operator.mul", "global_average"),
    }
)
"""Callees that move numbers, or whose result is rounded once."""
SUFFIX = "_bf16"


@dataclass(frozen=True)
class ReducePrecision(ModulePass):
    """conv2d(x, w) -> conv2d(x.to(bfloat16), w in bfloat16).to(float32)."""

    name = "reduce-precision"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                _Reduction(graph).run()


class _Reduction:
    """One graph's rewriting, from its first operation to its last."""

    def __init__(self, graph: GraphOp) -> None:
        self.graph = graph
        self.reduced: set[SSAValue] = set()
        """What is computed in bfloat16."""
        self.weights: dict[str, str] = {}
        """The names of weights in bfloat16."""
        self.converted: dict[SSAValue, SSAValue] = {}
        """The other form of a value that was wanted in both."""

    def run(self) -> None:
        for op in list(self.graph.block.ops):
            if isinstance(op, CallOp) and self._is_reduced(op):
                self._reduce(op)
                continue
            for inner in op.walk():
                inner.operands = [self._in_float32(value, op) for value in inner.operands]

    def _is_reduced(self, op: CallOp) -> bool:
        numbers = [value for value in op.operands if not isinstance(value.type, IndexType)]
        known = all(_is_float32(v) or v in self.reduced for v in (*numbers, *op.results))
        key = op.key.data
        if not known or key in COMPUTES:
            return known
        if key in NORMALIZES:
            return op.operands[0] in self.reduced
        computed = [value for value in numbers if not _is_given(value)]
        return key in KEEPS and bool(computed) and self.reduced.issuperset(computed)

    def _reduce(self, op: CallOp) -> None:
        """Let a call read and compute bfloat16; what is only added or normalized with stays."""
        operands, mask = list(op.operands), op.bind().get("attn_mask")
        for index, value in enumerate(operands):
            if index > 0 and op.key.data in NORMALIZES:
                break
            if not (value is mask or dims_of(value.type) == []):
                operands[index] = self._in_bfloat16(value, op)
        op.operands = operands
        self.reduced.update(set_type(result, _reduced(result.type)) for result in op.results)

    def _in_bfloat16(self, value: SSAValue, reader: CallOp) -> SSAValue:
        if not _is_float32(value):
            return value
        if value not in self.converted:
            given = isinstance(value.owner, WeightOp)
            make = self._reduced_weight if given else self._conversion
            self.converted[value] = make(value, reader, _reduced(value.type))
        return self.converted[value]

    def _in_float32(self, value: SSAValue, reader: Operation) -> SSAValue:
        if value not in self.reduced:
            return value
        if value not in self.converted:
            type = tensor_type(f32, dims_of(value.type))
            self.converted[value] = self._conversion(value, reader, type)
        return self.converted[value]

    def _conversion(self, value: SSAValue, reader: Operation, type: Attribute) -> SSAValue:
        element = element_types.of_mlir(element_of(type) or type)
        dtype = DtypeAttr(StringAttr(element.torch))
        return _insert(CallOp("Tensor.to", [value], [type], {"dtype": dtype}), value, reader)

    def _reduced_weight(self, value: SSAValue, reader: Operation, type: Attribute) -> SSAValue:
        assert isinstance(value.owner, WeightOp)
        name, store = value.owner.weight_name.data, self.graph.store
        if name not in self.weights:
            array = store[name].astype(element_types.of_mlir(BFloat16Type()).numpy)
            self.weights[name] = store.add(f"{name}{SUFFIX}", array)
        return _insert(WeightOp(self.weights[name], type), value, reader)


def _insert(op: Operation, value: SSAValue, reader: Operation) -> SSAValue:
    inherit_location(reader, op)
    Rewriter.insert_op(op, InsertPoint.before(reader))
    op.results[0].name_hint = value.name_hint
    return op.results[0]


def _is_float32(value: SSAValue) -> bool:
    return element_of(value.type) == f32


def _is_given(value: SSAValue) -> bool:
    return isinstance(value.owner, WeightOp | ConstantOp)


def _reduced(type: Attribute) -> Attribute:
    return tensor_type(BFloat16Type(), dims_of(type))
