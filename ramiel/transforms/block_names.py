"""What the function of a block is called."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from xdsl.dialects.builtin import DictionaryAttr, StringAttr
from xdsl.ir import Operation

from ramiel.dialects.torch import CallOp
from ramiel.frontend.module_metadata import CLASSES_OF_MODULES
from ramiel.frontend.names import identifier
from ramiel.transforms.generic_blocks import Step

CLASS = "class"
"""The attribute of a function: the name of the class that it was."""
SAID = 4
"""Calls that a name can say."""
NUMBER = re.compile(r"(?<!\dx)_?\d+[a-z]?$")
"""The number of a module among those like it: that of `conv1`, but none of `conv1x1`."""
SHORT_NAMES = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), "conv"),
    "batch_norm": "bn",
    "layer_norm": "norm",
}
SAYING = {"conv", "bn", "norm", "linear", "relu", "gelu", "silu", "sigmoid", "tanh", "hardswish"}
"""What a name may say: other operators mean nothing without their operands."""


def class_of(top: Operation, paths: Sequence[str]) -> str:
    """The class of the original modules, if the model says it and it is one; else ""."""
    classes = top.attributes.get(CLASSES_OF_MODULES)
    if not isinstance(classes, DictionaryAttr):
        return ""
    found = {classes.data.get(path) for path in paths}
    [name, *others] = found
    return name.data if isinstance(name, StringAttr) and not others else ""


def fresh_name(
    paths: Sequence[str], operations: Sequence[Step], names: set[str], known: str = ""
) -> str:
    """A function's name: that of the class, if it is known, else of most of the modules, without
    number and in the singular.

    Where that is taken, or tells where and not what, it says what the block does, or has the number
    of the first module, and what that is in.
    """
    stems = Counter(map(_stem, paths))
    [(stem, _), *others] = stems.most_common()
    *around, last = [identifier(part) for part in paths[0].split(".")]
    what = _what(operations)
    wanted = [what, stem] if others else [stem, what]
    if len(paths) == 1:
        wanted = []
    wanted = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", known).lower(), *wanted]
    wanted += [last, "_".join([*around[-1:], last]), stem]
    for name in wanted:
        if name not in ("", *names) and not name.startswith("value"):
            break
    else:
        name = next(n for i in itertools.count(2) if (n := f"{stem}_{i}") not in names)
    names.add(name)
    return name


def _what(operations: Sequence[Step]) -> str:
    """`conv_bn_relu`; "" if there is too much to say."""
    keys = [
        op.key.data.rsplit(".", 1)[-1] if isinstance(op, CallOp) else op.callee.sym_name.data
        for op in operations
    ]
    words = [SHORT_NAMES.get(key, key) for key in keys]
    return "_".join(words) if len(words) <= SAID and SAYING.issuperset(words) else ""


def _stem(path: str) -> str:
    *parents, last = path.split(".")
    listed = last.isdigit() and bool(parents)
    stem = identifier(NUMBER.sub("", parents[-1] if listed else last), "block")
    if listed and stem.endswith("s") and not stem.endswith("ss"):
        stem = stem[:-1]  # one of the layers is a layer
    return stem
