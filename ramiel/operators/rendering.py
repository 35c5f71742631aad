"""A torch.call as a Python expression: the one text that is evaluated, checked and generated."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from inspect import Parameter
from typing import Any, cast

from xdsl.dialects.builtin import ArrayAttr
from xdsl.ir import Attribute, SSAValue

from ramiel.dialects import syntax
from ramiel.dialects.torch import (
    INDEX,
    INDEX_SIZE,
    CalleeOperation,
    DtypeAttr,
    SizeAttr,
    size_positions,
)
from ramiel.operators.callee import Callee, Operands

_FIELD = re.compile(r"\{(\*?)(\w+)(?::(\w+))?\}")
"""`{name}`, `{*name}` (items without brackets), `{name:list}`, `{name:index}`; `{name:sizes}` and
`{name:int}` are Python integers, from a tensor if it is one that the parameter gets."""
_POWER = re.compile(r"([A-Za-z_]\w*) \*\* ([A-Za-z_]\w*|-?[\d.]+(?:e[-+]?\d+)?)")
"""A power of a name to a name or a number: written without spaces, as ruff's formatter does."""
_ELLIPSIS = "{...}"
"""In a template: the parameters that it does not name, as `, name=value`."""


def render(op: CalleeOperation, name: Callable[[SSAValue], str]) -> str:
    """The expression, with operands under the names that `name` gives them."""
    callee, bound = op.callee, op.bind()
    sizes = [Code(name(size)) for size in op.sizes]
    bound = {key: _with_sizes(value, sizes) if sizes else value for key, value in bound.items()}

    def text(value: Any) -> str:
        if isinstance(value, Operands):
            return "[" + ", ".join(name(item) for item in value) + "]"
        return name(cast(SSAValue, value)) if isinstance(value, SSAValue) else render_literal(value)

    def items(value: Any) -> list[str]:
        if isinstance(value, Operands):
            return [name(item) for item in value]
        literal = _literal(value)
        return (
            [format_literal(item) for item in cast("list[Any]", literal)]
            if isinstance(literal, list)
            else [text(value)]
        )

    if callee.template is not None:
        return _render_template(callee, bound, text, items)
    arguments = _arguments(callee, bound, text, items, set())
    if callee.key.startswith("Tensor."):
        owner, *rest = arguments
        return f"{owner}.{callee.key.removeprefix('Tensor.')}({', '.join(rest)})"
    return f"{_spelling(callee)}({', '.join(arguments)})"


def _spelling(callee: Callee) -> str:
    if callee.helper_name is not None:
        return f"operators.{callee.helper_name}"
    return re.sub(r"^torch\.nn\.functional\.", "F.", callee.key)


def _render_template(
    callee: Callee,
    bound: dict[str, Any],
    text: Callable[[Any], str],
    items: Callable[[Any], list[str]],
) -> str:
    template = callee.template or ""
    named = {match[2] for match in _FIELD.finditer(template)}

    def field(match: re.Match[str]) -> str:
        splat, name, form = match.groups()
        if name not in bound:
            return format_literal(callee.parameters[name].default)
        value = bound[name]
        if splat:
            return ", ".join(items(value))
        if form == "list":
            return "[" + ", ".join(items(value)) + "]"
        if form == "index":
            return render_index(_literal(value))
        if form in ("sizes", "int") and isinstance(value, SSAValue):
            return f"{text(value)}.tolist()" if form == "sizes" else f"int({text(value)})"
        return "[" + ", ".join(items(value)) + "]" if form == "sizes" else text(value)

    result = _FIELD.sub(field, template)
    rest = _arguments(callee, bound, text, items, named)
    result = result.replace(_ELLIPSIS, "".join(f", {argument}" for argument in rest))
    simple_power = _POWER.fullmatch(result)
    return f"{simple_power[1]}**{simple_power[2]}" if simple_power else result


def _arguments(
    callee: Callee,
    bound: dict[str, Any],
    text: Callable[[Any], str],
    items: Callable[[Any], list[str]],
    without: set[str],
) -> list[str]:
    """The arguments of a call: operands by position while nothing is left out before them."""
    arguments: list[str] = []
    by_position = not without
    for name, parameter in callee.parameters.items():
        if name in without:
            continue
        if name not in bound or _is_default(bound[name], parameter):
            by_position = by_position and parameter.kind is Parameter.VAR_POSITIONAL
            continue
        value = bound[name]
        if parameter.kind is Parameter.VAR_POSITIONAL:
            arguments.extend(items(value))
        elif parameter.annotation is list and not isinstance(value, Operands):
            arguments.append("[" + ", ".join(items(value)) + "]")
        elif parameter.kind is Parameter.POSITIONAL_ONLY or (
            by_position
            and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
            and isinstance(value, SSAValue | Operands)
        ):
            arguments.append(text(value))
        else:
            by_position = False
            arguments.append(f"{name}={text(value)}")
    return arguments


def _is_default(value: Any, parameter: Parameter) -> bool:
    if not isinstance(value, Attribute) or isinstance(value, DtypeAttr):
        return False
    default: Any = parameter.default
    default = list(default) if isinstance(default, tuple) else default  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    literal = syntax.to_literal(value)
    return type(literal) is type(default) and literal == default


class Code(str):
    """Text that stands for itself among literals: the name of an integer."""


def _with_sizes(value: Any, sizes: list[Code]) -> Any:
    """A literal with the names of integers at their places; anything else as it is."""
    if not isinstance(value, Attribute) or not size_positions(value):
        return value
    match value:
        case SizeAttr(position=position):
            return sizes[position.data]
        case ArrayAttr(data=data):
            return [_with_sizes(item, sizes) for item in data]
        case _:
            bounds = str(syntax.to_literal(value))
            _check_index(bounds)
            return Code(INDEX_SIZE.sub(lambda match: sizes[int(match[1])], bounds))


def _literal(value: Any) -> Any:
    """The Python value of an attribute, or of a list in which integers have names."""
    if isinstance(value, list):
        return [_literal(item) for item in cast("list[Any]", value)]
    return syntax.to_literal(value) if isinstance(value, Attribute) else value


def render_literal(value: Any) -> str:
    """An attribute, or a literal in which integers have names, as Python source."""
    if isinstance(value, DtypeAttr):
        return f"torch.{value.dtype.data}"
    return format_literal(_literal(value))


def format_literal(value: Any) -> str:
    """A Python literal as source, with double quotes as ruff has them; lists become tuples."""
    match value:
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case float():
            return repr(value).replace("e+", "e")
        case Code():
            return str(value)
        case str():
            return quote(value)
        case list() | tuple():
            items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
            texts = [format_literal(item) for item in items]
            return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
        case _:
            return repr(value)


def quote(text: str) -> str:
    """A string literal of printable ASCII, in double quotes unless that needs more escapes."""
    body = ascii(text)
    if body.startswith("'") and '"' not in body:
        body = f'"{body[1:-1]}"'
    return body


def render_index(index: Any) -> str:
    """`[":", -1, "1:3", None]` as `:, -1, 1:3, None`.  Raises ValueError for anything else."""
    entries = cast("list[Any]", index if isinstance(index, list) else [index])
    texts: list[str] = []
    for entry in entries:
        if isinstance(entry, str) and not isinstance(entry, Code):
            _check_index(entry)
        texts.append(entry if isinstance(entry, str) else format_literal(entry))
    return ", ".join(texts)


def _check_index(text: str) -> None:
    if not INDEX.fullmatch(text):
        raise ValueError(f"no index: {text!r}")
