"""Remarks: what a pass did not do, and why, in one line each.

`remark: NODE: not fused: the Conv has two readers` goes to standard error, unless somebody collects
them:

    with collected() as remarks:
        FuseBatchNorm().apply(context, module)
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from xdsl.ir import Operation

from ramiel.dialects.syntax import name_of

_collector: ContextVar[list[str] | None] = ContextVar("remarks", default=None)


def remark(text: str, op: Operation | None = None) -> None:
    """Print `remark: text`, naming the operation that it is about."""
    where = f"{name_of(op)}: " if op is not None else ""
    collector = _collector.get()
    if collector is None:
        print(f"remark: {where}{text}", file=sys.stderr)
    else:
        collector.append(f"{where}{text}")


@contextmanager
def collected() -> Generator[list[str]]:
    """Remarks made inside the block go into the list, `NODE: text` each, and are not printed."""
    remarks: list[str] = []
    token = _collector.set(remarks)
    try:
        yield remarks
    finally:
        _collector.reset(token)
