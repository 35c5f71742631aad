"""Losses of classification."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast
from ramiel.operators.registry import Values, callee, meaning

_FLOAT32 = np.dtype(np.float32)
_SIGNATURE = "input, target, weight=None, *, ignore_index=-100, reduction='mean'"
callee("torch.nn.functional.nll_loss", _SIGNATURE)
callee("torch.nn.functional.cross_entropy", _SIGNATURE)


def _loss(op: OnnxOperation, emit: Emitter, key: str, x: SSAValue) -> SSAValue:
    """The loss of log-probabilities or scores [batch, classes, …], in float32 at least."""
    dtype = emit.dtype(op.input(0))
    target = cast(emit, op.input(1), "int64")
    weight = op.optional_input(2)
    if dtype.itemsize == 2:
        x = emit("Tensor.to", x, dtype=_FLOAT32)
        weight = None if weight is None else cast(emit, weight, _FLOAT32)
    ignored = op.attribute("ignore_index")
    arguments: dict[str, Any] = {"ignore_index": ignored, "reduction": op.text("reduction", "mean")}
    loss = emit(key, x, target, *([] if weight is None else [weight]), **arguments)
    return emit("Tensor.to", loss, dtype=dtype) if dtype.itemsize == 2 else loss


@meaning("NegativeLogLikelihoodLoss")
def negative_log_likelihood(op: OnnxOperation, emit: Emitter) -> Values:
    """-weight[c]·x[c] for the class c of each sample, reduced."""
    return _loss(op, emit, "torch.nn.functional.nll_loss", op.input(0))


@meaning("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy(op: OnnxOperation, emit: Emitter) -> Values:
    """The negative log-likelihood of the logarithm of softmax, and that logarithm."""
    scores = op.input(0)
    if len(op.outputs) < 2 or op.outputs[1] is None:
        return _loss(op, emit, "torch.nn.functional.cross_entropy", scores)
    logarithm = emit("torch.nn.functional.log_softmax", scores, dim=1)
    return _loss(op, emit, "torch.nn.functional.nll_loss", logarithm), logarithm
