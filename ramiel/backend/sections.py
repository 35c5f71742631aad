"""Which module of the original network stands over the statements of a function, as a heading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from xdsl.ir import Operation

from ramiel.dialects.torch_function import InvokeOp
from ramiel.locations import node_name
from ramiel.transforms.module_paths import module_path

LONGEST = 12
"""Operations, or..."""
SHARE = 0.12
"""...the share of all: a module of more is divided into what is inside it."""


def sections_of(operations: Sequence[Operation]) -> Mapping[Operation, str]:
    """The module that each operation is shown under; "" for none."""
    paths = {op: _path(op) for op in operations}
    size = Counter(prefix for path in paths.values() for prefix in _prefixes(path))
    longest = max(LONGEST, SHARE * len(operations))
    return {
        op: next((p for p in _prefixes(path) if size[p] <= longest), path)
        for op, path in paths.items()
    }


def _path(op: Operation) -> str:
    return op.module.data if isinstance(op, InvokeOp) else module_path(node_name(op))


def _prefixes(path: str) -> list[str]:
    """`a`, `a.b` and `a.b.c` of `a.b.c`."""
    parts = path.split(".") if path else []
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
