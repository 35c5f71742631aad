"""Which ONNX operators are supported, and through what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from onnx.defs import OpSchema

from ramiel.dialects.onnx import operations
from ramiel.frontend.functions import has_body
from ramiel.operators import registry


@dataclass(frozen=True)
class Coverage:
    """One operator, in all its versions."""

    domain: str
    operator: str
    versions: Sequence[int]
    """Opset versions that changed it."""
    supported: Sequence[int]
    """Those that compile."""
    through: str
    """The file of the meaning, or "function body", or "" if there is neither."""


def coverage(domains: Sequence[str] | None = None) -> list[Coverage]:
    """Each operator of the standard that is not deprecated, by domain and name.

    An operator that an extension adds is listed if it has a schema.
    """
    by_operator: dict[tuple[str, str], list[OpSchema]] = {}
    for (domain, operator, _), cls in sorted(operations().items()):
        if domains is None or domain in domains:
            by_operator.setdefault((domain, operator), []).append(cls.SCHEMA)
    return [
        _cover(domain, operator, schemas) for (domain, operator), schemas in by_operator.items()
    ]


def _cover(domain: str, operator: str, schemas: Sequence[OpSchema]) -> Coverage:
    through = {schema.since_version: _through(schema) for schema in schemas}
    return Coverage(
        domain,
        operator,
        [version for version in through],
        [version for version, text in through.items() if text],
        ", ".join(dict.fromkeys(text for text in through.values() if text)),
    )


def _through(schema: OpSchema) -> str:
    domains = (schema.domain,) if schema.domain else ("", registry.STRINGS)
    found = (registry.find_meaning(d, schema.name, schema.since_version) for d in domains)
    meaning = next((item for item in found if item is not None), None)
    if meaning is not None:
        return meaning.__module__.removeprefix("ramiel.operators.")
    if operator_is_constant(schema):
        return "constant"
    if has_body(schema):
        return "function body"
    return ""


def operator_is_constant(schema: OpSchema) -> bool:
    """Whether the operator only holds a value, which the frontend reads."""
    return not schema.domain and schema.name == "Constant"


def as_markdown(rows: Iterable[Coverage]) -> str:
    """The table, for docs/operators.md."""
    rows = list(rows)
    count = sum(bool(row.supported) for row in rows)
    lines = [
        "# Operators",
        "",
        f"{count} of {len(rows)} operators of the ONNX standard and of ONNX Runtime "
        "(com.microsoft, as far as it is known here)",
        "compile. Written by `ramiel operators --markdown`.",
        "",
        "A version is the opset that changed the operator. What an operator has no form of in",
        "PyTorch is refused when compiling, by name, also where the operator is listed here.",
        "",
        "| domain | operator | versions | compile | through |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        versions = ", ".join(map(str, row.versions))
        supported = (
            "all"
            if list(row.supported) == list(row.versions)
            else ", ".join(map(str, row.supported))
        )
        lines.append(
            f"| {row.domain or 'ai.onnx'} | {row.operator} | {versions} "
            f"| {supported or 'no'} | {row.through} |"
        )
    return "\n".join(lines) + "\n"
