"""`fuse-gelu`: GELU (arXiv 1606.08415) in the pieces that exporters write is one operator again."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.transforms.matching import is_number, number, producer, scaled, with_number
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites

CUBIC = 0.044715
"""The coefficient of x³ in the approximation with tanh."""
MOST_PRODUCTS = 6
"""How many products one in the other are looked through."""


@dataclass(frozen=True)
class FuseGelu(ModulePass):
    """x · ½ · (1 + erf(x / √2)) -> Gelu(x), and the approximation with tanh."""

    name = "fuse-gelu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [fuse_gelu], remove_dead=True)


@rewrites("onnx.Mul", "onnx.Div")
def fuse_gelu(match: Match) -> None:
    """x · ½ · (1 + erf(x / √2)) = Gelu(x)

    x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) = Gelu(x) {approximate = "tanh"}

    The factors may stand in any order, and ½ may be a division by 2.
    """
    constant, factors = _factors(match, match.op.results[0])
    if abs(constant - 0.5) > 1e-6 or len(factors) != 2:
        return
    for x, gate in (factors, factors[::-1]):
        approximate = _gate(match, x, gate)
        if approximate is not None:
            match.replace_by(match.onnx("Gelu", x, approximate=approximate))
            return


def _factors(match: Match, value: SSAValue, depth: int = 0) -> tuple[float, list[SSAValue]]:
    """A product as a number and the values that are multiplied."""
    op = producer(value, "Mul", "Div", alone=depth > 0) if depth < MOST_PRODUCTS else None
    divisor = number(match, op.input(1)) if op is not None and op.operator == "Div" else 1.0
    if op is None or not divisor:
        constant = number(match, value)
        return (1.0, [value]) if constant is None else (constant, [])
    if op.operator == "Div":
        constant, factors = _factors(match, op.input(0), depth + 1)
        return constant / divisor, factors
    left, right = (_factors(match, operand, depth + 1) for operand in op.operands)
    return left[0] * right[0], left[1] + right[1]


def _gate(match: Match, x: SSAValue, gate: SSAValue) -> str | None:
    """Which form of 1 + … of x a factor is."""
    one = with_number(match, producer(gate, "Add"))
    if one is None or one[1] != 1:
        return None
    erf = producer(one[0], "Erf")
    if erf is not None:
        inner, factor = scaled(match, erf.input(0))
        return "none" if inner == x and abs(factor - sqrt(0.5)) < 1e-5 else None
    tanh = producer(one[0], "Tanh")
    if tanh is None:
        return None
    inner, factor = scaled(match, tanh.input(0))
    return "tanh" if abs(factor - sqrt(2 / pi)) < 1e-5 and _is_cubic(match, x, inner) else None


def _is_cubic(match: Match, x: SSAValue, value: SSAValue) -> bool:
    """Whether a value is x + 0.044715 · x³."""
    add = producer(value, "Add")
    if add is None or x not in add.operands:
        return False
    other = add.input(1) if add.input(0) == x else add.input(0)
    constant, factors = _factors(match, other, 1)
    if abs(constant - CUBIC) > 1e-6:
        return False
    if factors == [x, x, x]:
        return True
    power = producer(factors[0], "Pow") if len(factors) == 1 else None
    return power is not None and power.input(0) == x and is_number(match, power.input(1), 3.0)
