"""Operators on tensors of strings; an operator without an entry here takes none.

In the generated code they are NumPy arrays of Python strings.
"""

from __future__ import annotations

import re

from xdsl.dialects.builtin import i1, i64

from ramiel import tensors
from ramiel.dialects.onnx import StringType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.helpers.text import (
    equal_strings,
    join_strings,
    match_strings,
    normalize_strings,
    split_strings,
)
from ramiel.operators.registry import STRINGS, Values, callee, meaning

callee("operators.join_strings", "a, b", helper=join_strings)
callee("operators.equal_strings", "a, b", helper=equal_strings)
callee("operators.split_strings", "x, delimiter='', maxsplit=-1", helper=split_strings)
callee("operators.match_strings", "x, pattern", helper=match_strings)
callee(
    "operators.normalize_strings",
    "x, case='NONE', case_sensitive=False, stopwords=()",
    helper=normalize_strings,
)

DIFFERENT = re.compile(r"\\[^dDwWbBntrf.\\\-+*?()\[\]{}|^$/@]|\(\?(?!:)|\[\[:|[+*?}]\+|\\B")
"""What RE2 and Python's re read differently, or only one of them has."""


@meaning("Identity", domain=STRINGS)
def identity(op: OnnxOperation, emit: Emitter) -> Values:
    """x."""
    return op.input(0)


@meaning("StringConcat", domain=STRINGS)
def string_concat(op: OnnxOperation, emit: Emitter) -> Values:
    """a + b, string by string."""
    return emit("operators.join_strings", op.input(0), op.input(1), type=op.results[0].type)


@meaning("Equal", domain=STRINGS)
def equal(op: OnnxOperation, emit: Emitter) -> Values:
    """a = b, string by string."""
    dims = tensors.dims_of(op.results[0].type)
    type = tensors.tensor_type(i1, dims)
    return emit("operators.equal_strings", op.input(0), op.input(1), type=type)


@meaning("StringSplit", domain=STRINGS)
def string_split(op: OnnxOperation, emit: Emitter) -> Values:
    """The parts of each string, and how many there are."""
    dims = tensors.dims_of(op.input(0).type)
    types = [
        tensors.tensor_type(StringType(), None if dims is None else [*dims, ""]),
        tensors.tensor_type(i64, dims),
    ]
    return emit.many(
        "operators.split_strings",
        op.input(0),
        count=2,
        types=types,
        delimiter=op.text("delimiter", ""),
        maxsplit=op.integer("maxsplit", -1),
    )


@meaning("RegexFullMatch", domain=STRINGS)
def regex_full_match(op: OnnxOperation, emit: Emitter) -> Values:
    """Whether a pattern in RE2's syntax matches each string; only what Python's re reads alike."""
    pattern = op.text("pattern", "")
    if DIFFERENT.search(pattern):
        emit.refuse("its pattern has what RE2 and Python read differently")
    try:
        re.compile(pattern, re.ASCII)
    except re.error as error:
        emit.refuse(f"its pattern is not supported: {error}")
    type = tensors.tensor_type(i1, tensors.dims_of(op.input(0).type))
    return emit("operators.match_strings", op.input(0), pattern=pattern, type=type)


@meaning("StringNormalizer", domain=STRINGS)
def string_normalizer(op: OnnxOperation, emit: Emitter) -> Values:
    """The strings that are no stop words, in lower or upper case if so wanted."""
    case = op.text("case_change_action", "NONE")
    if case not in ("NONE", "LOWER", "UPPER"):
        emit.refuse(f"has no case_change_action {case!r}")
    locale = op.text("locale", "en_US")
    if case != "NONE" and not re.match(r"(en_|C$|POSIX$|$)", locale):
        emit.refuse(f"is not supported for the locale {locale!r}")
    words = op.attribute("stopwords")
    dims = tensors.dims_of(op.input(0).type)
    if dims is None or len(dims) not in (1, 2) or (len(dims) == 2 and dims[0] != 1):
        emit.refuse("takes a vector, or a matrix of one row")
    return emit(
        "operators.normalize_strings",
        op.input(0),
        case=case,
        case_sensitive=op.integer("is_case_sensitive", 0) != 0,
        stopwords=words or None,
        type=tensors.tensor_type(StringType(), [*dims[:-1], ""]),
    )
