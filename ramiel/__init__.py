"""Ramiel compiles ONNX models to readable, parallel PyTorch.

import ramiel

model = ramiel.compile("model.onnx", workers=2)
outputs = model(image)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ramiel.errors import RamielError

if TYPE_CHECKING:
    from ramiel.loading import compile

__all__ = ["RamielError", "compile"]


def __getattr__(name: str) -> Any:
    # torch and onnx take a second to import: only those who compile wait for them.
    if name == "compile":
        from ramiel.loading import compile

        return compile
    raise AttributeError(f"module 'ramiel' has no attribute {name!r}")
