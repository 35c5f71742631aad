"""Fourier transforms: DFT, STFT, MelWeightMatrix."""

from __future__ import annotations

from math import log2, prod
from typing import Any

from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning
from ramiel.tensors import static_shape


def _fft_flops(op: CallOp) -> int:
    """5·n·log2(n) for the n complex numbers of the result, all taken as one transform."""
    count = prod(static_shape(op.results[0].type) or (0,))
    return int(5 * count * log2(count)) if count else 0


callee(
    "operators.dft",
    "x, length=None, axis=-2, inverse=False, onesided=False",
    flops=_fft_flops,
    helper="spectral.dft",
)
callee(
    "operators.stft",
    "signal, frame_step, window=None, frame_length=None, onesided=True",
    flops=_fft_flops,
    helper="spectral.stft",
)
callee(
    "operators.mel_weight_matrix",
    "bins, dft_length, sample_rate, lower, upper, dtype=None",
    helper="spectral.mel_weight_matrix",
)


def _number(emit: Emitter, value: SSAValue | None) -> Any:
    """A literal if the operand is known, else the operand; None if it is absent."""
    known = emit.scalar(value)
    return value if known is None else known


@meaning("DFT")
def dft(op: OnnxOperation, emit: Emitter) -> Values:
    """Σ xₙ·exp(∓2πi·kn / N) along an axis; the axis is an attribute before opset 20."""
    axis = op.integer("axis", 1) if op.version < 20 else _number(emit, op.optional_input(2))
    return emit(
        "operators.dft",
        op.input(0),
        length=_number(emit, op.optional_input(1)),
        axis=axis,
        inverse=op.integer("inverse", 0) != 0,
        onesided=op.integer("onesided", 0) != 0,
    )


@meaning("STFT")
def stft(op: OnnxOperation, emit: Emitter) -> Values:
    """The DFT of each frame of a signal, times a window."""
    return emit(
        "operators.stft",
        op.input(0),
        frame_step=_number(emit, op.input(1)),
        window=op.optional_input(2),
        frame_length=_number(emit, op.optional_input(3)),
        onesided=op.integer("onesided", 1) != 0,
    )


@meaning("MelWeightMatrix")
def mel_weight_matrix(op: OnnxOperation, emit: Emitter) -> Values:
    """The matrix that takes a spectrum to mel bands."""
    data_type = op.integer("output_datatype", 1)
    names = ("bins", "dft_length", "sample_rate", "lower", "upper")
    return emit(
        "operators.mel_weight_matrix",
        dtype=None if data_type == 1 else element_types.of_onnx(data_type).numpy,
        type=op.results[0].type,
        **{name: _number(emit, op.input(index)) for index, name in enumerate(names)},
    )
