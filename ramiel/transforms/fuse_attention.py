"""`fuse-attention`: scaled dot-product attention (arXiv 1706.03762) is one operator again."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.tensors import dims_of, element_of
from ramiel.transforms.matching import producer, scaled
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites


@dataclass(frozen=True)
class FuseAttention(ModulePass):
    """softmax(q · kᵀ · scale + mask) · v -> Attention(q, k, v, mask) {scale}."""

    name = "fuse-attention"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [fuse_attention], remove_dead=True)


@rewrites("onnx.MatMul")
def fuse_attention(match: Match) -> None:
    """MatMul(Softmax(MatMul(q, kᵀ) · scale + mask), v) = Attention(q, k, v, mask) {scale}

    For q, k and v of four dimensions: batch, heads, length, features.  The scale may also be on q
    and on k.
    """
    value = match.op.input(1)
    softmax = producer(match.op.input(0), "Softmax")
    if softmax is None or softmax.integer("axis") not in (-1, 3) or _rank(value) != 4:
        return
    scores, mask = _without_mask(softmax.input(0))
    scores, scale = scaled(match, scores)
    product = producer(scores, "MatMul")
    if product is None or _rank(product.input(0)) != 4:
        return
    query, of_query = scaled(match, product.input(0))
    transposed, of_key = scaled(match, product.input(1))
    key = _transposed(match, transposed)
    if key is None or not _is_mask(mask, query, key):
        return
    dims, keys = dims_of(query.type), dims_of(value.type)
    if dims is None or keys is None or dims[:2] != keys[:2] or dims[1] != _heads(key):
        return
    scale *= of_query * of_key
    match.replace_by(match.onnx("Attention", query, key, value, mask, scale=scale))


def _rank(value: SSAValue) -> int | None:
    dims = dims_of(value.type)
    return None if dims is None else len(dims)


def _heads(value: SSAValue) -> object:
    return (dims_of(value.type) or [None, None])[1]


def _without_mask(value: SSAValue) -> tuple[SSAValue, SSAValue | None]:
    """Scores and what is added to them: the scores are those that a product computes."""
    add = producer(value, "Add")
    if add is None:
        return value, None
    for index in (0, 1):
        if producer(add.input(index), "MatMul", "Mul", "Div") is not None:
            return add.input(index), add.input(1 - index)
    return value, None


def _is_mask(mask: SSAValue | None, query: SSAValue, key: SSAValue) -> bool:
    """Whether PyTorch's function takes the mask: floating, and as long as there are keys."""
    if mask is None:
        return True
    dims, keys = dims_of(mask.type), dims_of(key.type)
    if dims is None or keys is None or not 2 <= len(dims) <= 4:
        return False
    return element_of(mask.type) == element_of(query.type) and dims[-1] == keys[2]


def _transposed(match: Match, value: SSAValue) -> SSAValue | None:
    """The value with its last two axes swapped, if that takes one Transpose at most."""
    transpose = producer(value, "Transpose", alone=False)
    perm = transpose.integers("perm") if transpose is not None else None
    if transpose is None or perm is None or len(perm) != 4:
        return None
    swapped = [perm[0], perm[1], perm[3], perm[2]]
    if swapped == [0, 1, 2, 3]:
        return transpose.input(0)
    return match.onnx("Transpose", transpose.input(0), perm=swapped)
