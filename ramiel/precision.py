"""The precisions that a model can be compiled for, and what each may cost in accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ramiel.errors import RamielError

FLOAT32, BFLOAT16 = "float32", "bf16"
TOLERANCES: Mapping[str, float] = {FLOAT32: 1e-4, BFLOAT16: 5e-2}
"""The largest difference that float outputs may have from the reference in float32, relative to the
output's largest value: bfloat16 has 8 significant bits, and rounds once an operation."""
PRECISIONS = tuple(TOLERANCES)


def check_precision(precision: str, preset: str, portable: bool) -> None:
    """Raises RamielError if a model cannot be compiled so, or would be slow on this machine."""
    if precision not in PRECISIONS:
        raise RamielError(f"no precision {precision!r}; there are: {', '.join(PRECISIONS)}")
    if precision == FLOAT32:
        return
    if preset != "fast":
        raise RamielError(
            f"--precision {precision} rounds parameters, which the preset {preset} must not change"
        )
    if not portable and not has_bfloat16():
        raise RamielError(
            f"--precision {precision}: this CPU has no bfloat16 arithmetic (AVX-512 BF16, AMX or "
            "Arm's BF16), so it would be slower than float32; with --portable it compiles for one "
            "that has"
        )


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16, and PyTorch has kernels for it."""
    import torch

    mkldnn: Any = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not mkldnn._is_mkldnn_bf16_supported():
        return False
    if torch.backends.cpu.get_cpu_capability().startswith(("AVX", "DEFAULT", "NO")):
        cpu: Any = torch.cpu
        return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())
    return True
