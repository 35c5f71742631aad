"""`canonicalize-onnx`: what changes no value goes, and shape arithmetic becomes constant."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.transforms.canonicalizations import (
    branches,
    chains,
    identities,
    shapes,
    slices,
    transposes,
)
from ramiel.transforms.rewriting import apply_patterns, patterns_of


@dataclass(frozen=True)
class CanonicalizeOnnx(ModulePass):
    """Applies the patterns of ramiel/transforms/canonicalizations; dead operations go too.

    Reads types: `infer-shapes` before it lets more patterns match.
    """

    name = "canonicalize-onnx"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        patterns = [
            pattern
            for module in (identities, chains, transposes, slices, shapes, branches)
            for pattern in patterns_of(module)
        ]
        apply_patterns(op, patterns, remove_dead=True)
