"""Blocks have the same canonical form if and only if they are isomorphic."""

from __future__ import annotations

import itertools
import random

import pytest

from ramiel.transforms.isomorphism import CanonicalForm, Node, canonical_form

Block = list[tuple[str, list[int | str]]]
"""For each node its label and its operands: numbers of nodes, or names of values from outside."""


def random_block(generator: random.Random) -> Block:
    """A few nodes that all lead to the last one, with two labels and two inputs."""
    block: Block = []
    for index in range(generator.randrange(2, 5)):
        operands: list[int | str] = [
            generator.choice([*range(index), "x", "y"]) for _ in range(generator.randrange(1, 3))
        ]
        block.append((generator.choice("ab"), operands))
    read = {operand for _, operands in block for operand in operands}
    dead: list[int | str] = [index for index in range(len(block)) if index not in read]
    return [*block, ("a", dead)]


def form(block: Block) -> CanonicalForm:
    """The canonical form, the last node being the output."""
    nodes = [
        Node(
            label,
            [(o, 0) if isinstance(o, int) else None for o in operands],
            [o for o in operands if isinstance(o, str)],
            [None for o in operands if isinstance(o, str)],
        )
        for label, operands in block
    ]
    return canonical_form(nodes, [(len(nodes) - 1, 0)])


def isomorphic(left: Block, right: Block) -> bool:
    """By trying all bijections of nodes and of inputs that keep the output."""
    if len(left) != len(right):
        return False
    last = len(left) - 1
    for order in itertools.permutations(range(last)):
        to: dict[int | str, int | str] = dict(enumerate([*order, last]))
        for inputs in itertools.permutations("xy"):
            to |= dict(zip("xy", inputs, strict=True))
            images = {to[i]: (label, [to[o] for o in ops]) for i, (label, ops) in enumerate(left)}
            if images == dict(enumerate(right)):
                return True
    return False


@pytest.mark.parametrize("seed", range(20))
def test_equal_forms_are_isomorphism(seed: int) -> None:
    generator = random.Random(seed)
    blocks = [random_block(generator) for _ in range(24)]
    for left, right in itertools.combinations(blocks, 2):
        assert (form(left).form == form(right).form) == isomorphic(left, right)


def test_parameters_correspond_by_name_and_inputs_by_place() -> None:
    def block(weight: str, name: str, x: str) -> CanonicalForm:
        return canonical_form([Node("mul", [None, None], [x, weight], [None, name])], [(0, 0)])

    first = block("layer.0.w", "w", "u")
    second = block("layer.1.w", "w", "v")
    assert first.form == second.form
    assert (first.inputs, second.inputs) == (["u"], ["v"])
    assert second.parameters == [("w", "layer.1.w")]
    assert block("layer.1.v", "v", "u").form != first.form


def test_a_long_chain_needs_no_deep_recursion() -> None:
    chain: Block = [("a", ["x"])]
    for index in range(20_000):
        chain.append(("a", [index]))
    assert form(chain).form == form(chain).form
