"""Windows of signal processing."""

from __future__ import annotations

from typing import Any

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

HELPERS = {
    "HannWindow": "hann_window",
    "HammingWindow": "hamming_window",
    "BlackmanWindow": "blackman_window",
}

for _name in HELPERS.values():
    callee(f"operators.{_name}", "size, periodic=True, dtype=None", helper=f"window.{_name}")


@meaning(*HELPERS)
def window(op: OnnxOperation, emit: Emitter) -> Values:
    """A sum of cosines over `size` points, of the period `size` or, symmetric, `size - 1`."""
    size = emit.scalar(op.input(0))
    data_type = op.integer("output_datatype", 1)
    arguments: dict[str, Any] = {
        "periodic": bool(op.integer("periodic", 1)),
        "dtype": None if data_type == 1 else element_types.of_onnx(data_type).numpy,
        "type": op.results[0].type,
    }
    key = f"operators.{HELPERS[op.operator]}"
    if size is None:
        return emit(key, op.input(0), **arguments)
    return emit(key, size=size, **arguments)
