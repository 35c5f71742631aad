"""Names of the generated code: one for each value of the program, unique and readable."""

from __future__ import annotations

import builtins
import keyword
import re

from xdsl.ir import SSAValue

from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.task import ProgramOp, RecvOp
from ramiel.dialects.torch import CallOp
from ramiel.frontend.names import identifier
from ramiel.operators.rendering import quote

RESERVED = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *("torch", "F", "Tensor", "operators", "w", "channels", "Model"),
        *("Channels", "Cluster", "Input", "Message", "ParallelModel", "Weights"),
    }
)
"""Names that the generated module uses itself."""


class Namespace:
    """Gives out identifiers, each once."""

    def __init__(self) -> None:
        self.taken: set[str] = set(RESERVED)

    def fresh(self, hint: str) -> str:
        """The hint as an identifier, with a number if it is taken."""
        if hint in RESERVED:
            hint += "_"
        base = re.sub(r"(_\d+)+$", "", hint) if hint in self.taken else hint
        name, count = hint, 1
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.taken.add(name)
        return name


def name_values(program: ProgramOp, namespace: Namespace) -> dict[SSAValue, str]:
    """What each value is called; a received value has the name it was sent under."""
    names: dict[SSAValue, str] = {}
    for argument in program.arguments:
        names[argument] = namespace.fresh(_hint(argument, "input"))
    for cluster in program.clusters:
        for op in cluster.block.ops:
            for result in op.results:
                if isinstance(op, WeightOp):
                    names[result] = f"w[{quote(op.weight_name.data)}]"
                elif not isinstance(op, RecvOp):
                    names[result] = namespace.fresh(_hint(result, "value"))
    for channel in program.channels:
        names[channel.recv.result] = names[channel.send.value]
    return names


def _hint(value: SSAValue, default: str) -> str:
    """The value's own name, else what computes it."""
    if value.name_hint:
        return identifier(value.name_hint, default)
    if isinstance(value.owner, CallOp):
        return identifier(value.owner.key.data.rsplit(".", 1)[-1], default)
    return default


def class_name(name: str) -> str:
    """A class's name: `inception_v3` becomes `InceptionV3`; capitals are kept."""
    words = re.split(r"[^0-9A-Za-z]+", name)
    text = "".join(word[:1].upper() + word[1:] for word in words)
    text = text if text[:1].isalpha() else f"Model{text}"
    return f"Compiled{text}" if text in RESERVED else text
