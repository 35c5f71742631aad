"""Breaking long statements over lines, as ruff's formatter does."""

from __future__ import annotations

import itertools
import re

LINE_LENGTH = 88
_OPEN, _CLOSE = "([{", ")]}"
_OPERATOR = re.compile(r" (==|!=|<=?|>=?|[|^&+*/@%-]) ")


def wrap(statement: str, indent: int = 0, comma: bool = False, broken: bool = False) -> list[str]:
    """The lines of a statement, or of an item that a comma follows, at an indentation.

    `broken` breaks it though it would fit: a comment follows that would not.
    """
    end = "," if comma else ""
    margin = " " * indent
    if not broken and indent + len(statement) + len(end) <= LINE_LENGTH:
        return [margin + statement + end]
    pair = (
        _parameters(statement)
        if statement.startswith(("async def ", "def "))
        else _last_pair(statement)
    )
    if pair is None or indent + pair[0] + 1 > LINE_LENGTH:
        return _wrap_subscript(statement, indent, end) or _parenthesize(statement, indent, end)
    opening, closing = pair
    head, body, tail = (
        statement[: opening + 1],
        statement[opening + 1 : closing],
        statement[closing:],
    )
    inner = indent + 4
    # A bare list or dictionary always has an item a line; arguments may share one.
    if inner + len(body) <= LINE_LENGTH and head[-1] == "(" and not _is_tuple(head):
        lines = [" " * inner + body]
    else:
        lines = [line for item in split_items(body) for line in wrap(item, inner, comma=True)]
    return [margin + head, *lines, margin + tail + end]


def _is_tuple(head: str) -> bool:
    """Whether the bracket opens a tuple rather than a call."""
    before = head[:-1].rstrip()
    return not before or before[-1] in "=,:" or before.endswith("return")


def _wrap_subscript(statement: str, indent: int, end: str) -> list[str]:
    """`name = value[` … `]` at the last index that there is room before; [] for other values."""
    target, equals, value = statement.partition(" = ")
    if not equals or value[-1:] != "]" or value[0] == "[" or len(_operands(value)) > 1:
        return []
    outer = [position for position, depth in _brackets(statement) if depth == 0]
    for opening, closing in reversed(list(zip(outer[::2], outer[1::2], strict=True))):
        body = statement[opening + 1 : closing]
        fits = max(indent + opening + 1, indent + 4 + len(body)) <= LINE_LENGTH
        if fits and opening > len(target) and _is_subscript(statement, opening):
            margin = " " * indent
            first, last = statement[: opening + 1], statement[closing:]
            return [margin + first, f"{margin}    {body}", f"{margin}{last}{end}"]
    return []


def _parenthesize(statement: str, indent: int, end: str) -> list[str]:
    """`name = (` … `)` around a right-hand side that cannot be broken at brackets of its own."""
    target, equals, value = statement.partition(" = ")
    margin = " " * indent
    if not equals:
        return [margin + statement + end]
    targets = split_items(target)
    if len(targets) > 1 and value[-1:] == ")":
        first, *rest = wrap(f"_ = {value}", indent)
        names = [f"{margin}    {name}," for name in targets]
        return [f"{margin}(", *names, f"{margin}){first[indent + 1 :]}", *rest]
    return [f"{margin}{target} = (", *_wrap_operands(value, indent + 4), f"{margin}){end}"]


def _wrap_operands(value: str, indent: int) -> list[str]:
    """An expression in parentheses: one line if it fits, else an operand a line."""
    operands = _operands(value)
    if indent + len(value) <= LINE_LENGTH or len(operands) == 1:
        return wrap(value, indent)
    return [line for operand in operands for line in wrap(operand, indent)]


def _operands(text: str) -> list[str]:
    """`["a", "* b", "+ c"]`: what stands between binary operators, each behind its operator."""
    inside = [False] * len(text)
    outer = [position for position, depth in _brackets(text) if depth == 0]
    for start, stop in zip(outer[::2], outer[1::2], strict=True):
        inside[start:stop] = [True] * (stop - start)
    found = [m.start() + 1 for m in _OPERATOR.finditer(text) if not inside[m.start()]]
    return [text[a:b].strip() for a, b in itertools.pairwise([0, *found, len(text)])]


def _brackets(text: str) -> list[tuple[int, int]]:
    """(position, depth outside) of each bracket that stands outside string literals."""
    found: list[tuple[int, int]] = []
    depth, quote, position = 0, "", 0
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in _OPEN:
            found.append((position, depth))
            depth += 1
        elif character in _CLOSE:
            depth -= 1
            found.append((position, depth))
        elif character == "," and depth == 0:
            found.append((position, -1))
        position += 1
    return found


def _last_pair(text: str) -> tuple[int, int] | None:
    """The outermost brackets that the statement ends with, if they hold a list of items."""
    if not text or text[-1] not in _CLOSE:
        return None
    outer = [position for position, depth in _brackets(text) if depth == 0]
    if len(outer) < 2 or _is_subscript(text, outer[-2]):
        return None
    return outer[-2], outer[-1]


def _is_subscript(text: str, opening: int) -> bool:
    """Whether the bracket opens an index, where one more comma would make a tuple of it."""
    return text[opening] == "[" and bool(re.search(r"[\w)\]]$", text[:opening]))


def _parameters(text: str) -> tuple[int, int] | None:
    """The brackets around the parameters of a function."""
    outer = [position for position, depth in _brackets(text) if depth == 0]
    return (outer[0], outer[1]) if len(outer) >= 2 else None


def split_items(text: str) -> list[str]:
    """The items between the commas that stand outside brackets and string literals."""
    items: list[str] = []
    start = 0
    for position, depth in _brackets(text):
        if depth == -1:
            items.append(text[start:position].strip())
            start = position + 1
    last = text[start:].strip()
    return [*items, last] if last else items
