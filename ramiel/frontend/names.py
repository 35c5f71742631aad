"""Readable identifiers from the names that exporters give to nodes and values."""

from __future__ import annotations

import keyword
import re

MAX_LENGTH = 60
"""Longer names keep their end, which says more than their beginning."""


def identifier(text: str, default: str = "value") -> str:
    """An ASCII identifier from any text: lower case, words joined by underscores, no keyword."""
    clean = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_").lower()
    if len(clean) > MAX_LENGTH:
        end = clean[-MAX_LENGTH - 1 :]  # a word that is cut says nothing
        clean = end.partition("_")[2].strip("_") or end[1:]
    if not clean:
        return default
    if clean[0].isdigit():
        clean = f"{default}_{clean}"
    return f"{clean}_" if keyword.iskeyword(clean) else clean


def node_hint(node_name: str, operator: str, output: str) -> str:
    """A variable's name for a node's result.

    `/layer1/layer1.0/conv1/Conv` becomes `layer1_0_conv1`: segments that repeat the one before
    them add nothing, and neither does the operator's type where the module says it already.
    """
    default = identifier(operator)
    if not node_name:
        return identifier(output, default)
    segments = [part for part in node_name.split("/") if part]
    kept: list[str] = []
    for segment in segments:
        if kept and segment.lower().startswith(kept[-1].lower()):
            kept.pop()
        kept.append(segment)
    last = re.sub(r"_\d+$", "", kept[-1]).lower() if kept else ""
    if len(kept) > 1 and last == operator.lower() and last in kept[-2].lower():
        kept.pop()
    return identifier("_".join(kept), default)
