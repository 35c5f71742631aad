"""TfIdfVectorizer: n-grams of integers, counted and weighted."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import f32

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.helpers.ngrams import count_ngrams
from ramiel.operators.registry import Values, callee, meaning

callee(
    "operators.count_ngrams",
    "x, pool, indexes, *, starts, shortest, longest, skips",
    helper=count_ngrams,
)
callee("ngrams.is_found", "counts", "({counts} > 0).float()")
callee("ngrams.weighted", "counts, weights", "{counts} * {weights}")


@meaning("TfIdfVectorizer")
def tf_idf_vectorizer(op: OnnxOperation, emit: Emitter) -> Values:
    """Term frequencies, or whether a term is there at all, times its weight."""
    mode, pool = op.text("mode"), op.integers("pool_int64s")
    indexes, starts = op.integers("ngram_indexes"), op.integers("ngram_counts")
    if pool is None or indexes is None or starts is None:
        emit.refuse("is supported on n-grams of integers only")
    if mode not in ("TF", "IDF", "TFIDF"):
        emit.refuse(f"has no mode {mode!r}")
    _check_pool(emit, pool, indexes, starts)
    weights = op.attribute("weights")
    size = max(indexes) + 1
    if mode != "TF" and weights and indexes != list(range(size)):
        emit.refuse("has weights, and n-grams that are not counted in the pool's order")
    dims = tensors.dims_of(op.input(0).type)
    if dims is None or len(dims) > 2:
        emit.refuse("takes a vector or a matrix")
    type = tensors.tensor_type(f32, [*dims[:1], size] if len(dims) == 2 else [size])
    counts = emit(
        "operators.count_ngrams",
        op.input(0),
        emit.tensor(np.array(pool, np.int64), "pool"),
        emit.tensor(np.array(indexes, np.int64), "ngram_indexes"),
        starts=starts,
        shortest=op.integer("min_gram_length"),
        longest=op.integer("max_gram_length"),
        skips=op.integer("max_skip_count"),
        type=type,
    )
    if mode == "IDF":
        counts = emit("ngrams.is_found", counts, type=type)
    if mode == "TF" or not weights:
        return counts
    factors = emit.tensor(np.array(weights, np.float32), "ngram_weights")
    return emit("ngrams.weighted", counts, factors, type=type)


def _check_pool(emit: Emitter, pool: list[int], indexes: list[int], starts: list[int]) -> None:
    """Raises Unsupported if the n-grams are not as many as their places, or one is there twice."""
    ngrams: list[tuple[int, ...]] = []
    for size, start in enumerate(starts, 1):
        end = starts[size] if size < len(starts) else len(pool)
        if start > end or (end - start) % size:
            emit.refuse("has a pool that ngram_counts does not divide into n-grams")
        ngrams += [tuple(pool[at : at + size]) for at in range(start, end, size)]
    if len(ngrams) != len(indexes) or len(set(ngrams)) != len(ngrams) or min(indexes) < 0:
        emit.refuse("has n-grams without a place of their own")
