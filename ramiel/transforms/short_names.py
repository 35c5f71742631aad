"""Names of values from their places in the original network: as short as they are still telling.

`/features/unit1/right/conv1/conv/dw_conv/Conv` is `unit1_right_conv1_dw_conv` if nearly everything
is in `features`, if `conv1` has nothing but `conv` in it, and `dw_conv` nothing but a Conv.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from xdsl.ir import Operation, SSAValue

from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_control import yielded
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.frontend.names import identifier
from ramiel.locations import node_name
from ramiel.transforms.module_paths import module_path

MOST = 0.9
"""A module with this share of what its parent has says nothing."""
WORDS = {
    "adaptive_avg_pool": "avg_pool",
    "avg_pool": "avg_pool",
    "max_pool": "max_pool",
    "batch_norm": "batch_norm",
    "layer_norm": "layer_norm",
    "gelu": "gelu",
    "scaled_dot_product_attention": "attention",
}
"""What is computed, where the ONNX operator's name is longer, or that of a part of it."""

Place: TypeAlias = tuple[str, ...]


def short_names(operations: Iterable[Operation], inside: bool = False) -> Mapping[SSAValue, str]:
    """The name of each result that is called after its ONNX node; two may have the same.

    `inside` a function that stands for a module, the last segments are enough if they tell two
    places apart.
    """
    inner: dict[FunctionOp, Mapping[SSAValue, str]] = {}
    places = {
        result: place
        for op in operations
        for result in op.results
        if (place := place_of(op, result, inner)) is not None
    }
    below: dict[Place, dict[str, int]] = {}
    for place in places.values():
        for depth, segment in enumerate(place):
            counts = below.setdefault(place[:depth], {})
            counts[segment] = counts.get(segment, 0) + 1
    short = {place: _without_obvious(place, below) for place in set(places.values())}
    ends = Counter(end for place in set(short.values()) for end in _ends(place))
    return {
        value: _joined(_least(short[place], ends) if inside else short[place])
        for value, place in places.items()
    }


def _least(place: Place, ends: Mapping[Place, int]) -> Place:
    """The shortest end that no other place has."""
    return next((end for end in _ends(place) if ends[end] == 1), place)


def _joined(place: Place) -> str:
    """A segment that the next one begins with is said once."""
    pairs = zip(place, (*place[1:], ""), strict=True)
    return identifier("_".join(a for a, b in pairs if not b.startswith(f"{a}_")))


def _ends(place: Place) -> list[Place]:
    """The last segment, the last two, ... all; none that begins with a number."""
    ends = [place[start:] for start in range(len(place) - 1, 0, -1)]
    return [*(end for end in ends if not end[0].isdigit()), place]


def place_of(
    op: Operation, result: SSAValue, inner: dict[FunctionOp, Mapping[SSAValue, str]]
) -> Place | None:
    """The modules around an operation from the outermost on, and what it computes.

    None if its node has no hierarchy, or the result is called after something else.  `inner` has
    the names in functions that are known already.
    """
    name = node_name(op)
    if isinstance(op, InvokeOp) and name:
        path = tuple(name.strip("/").split("."))
        if len(op.results) == 1:
            return path
        function = op.callee
        if function not in inner:
            inner[function] = short_names(function.block.walk(), inside=True)
        [returned] = [
            value
            for value, own in zip(yielded(function.block), op.results, strict=True)
            if own is result
        ]
        return (*path, inner[function].get(returned, returned.name_hint or "value"))
    path = module_path(name)
    operator = re.sub(r"_\d+$", "", name.rpartition("/")[2].removeprefix("node_"))
    if not path or not isinstance(op, CallOp):
        return None
    modules = path.split(".")
    if result.name_hint and not result.name_hint.startswith(identifier(modules[0])):
        return None
    key = re.sub(r"[123]d$", "", op.key.data.rpartition(".")[2])
    return (*modules, WORDS.get(key, operator))


def _without_obvious(place: Place, below: Mapping[Place, Mapping[str, int]]) -> Place:
    """Without the modules and operators that are nearly all that there is in theirs."""
    kept: list[str] = []
    for depth, segment in enumerate(place):
        counts, is_module = below[place[:depth]], depth < len(place) - 1
        own = counts[segment]
        if own >= MOST * sum(counts.values()) if is_module else counts == {segment: 1}:
            continue
        if segment.isdigit() and place[depth - 1 : depth] != tuple(kept[-1:]):
            kept += place[depth - 1 : depth]  # `layer_0`, not `0`
        kept.append(segment)
    return tuple(kept) or place[-2:-1] or place
