"""What the package offers, under the names in pyproject.toml; nothing is imported until used."""

from __future__ import annotations

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe


def swish_dialect() -> Dialect:
    """The swish dialect."""
    from ramiel_swish.dialect import Swish

    return Swish


def form_swish() -> type[ModulePass]:
    """The pass form-swish."""
    from ramiel_swish.form_swish import FormSwish

    return FormSwish


SWISH_UNIVERSE = Universe(
    all_dialects={"swish": swish_dialect}, all_passes={"form-swish": form_swish}
)

PIPELINE = {"onnx": "form-swish"}
"""`ramiel compile` runs it on the pruned ONNX operations."""
