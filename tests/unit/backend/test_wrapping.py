"""Long statements are broken where ruff's formatter would break them."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ramiel.backend.wrapping import LINE_LENGTH, split_items, wrap

NAME = "block_3_attention_projection"
WEIGHT = 'w["encoder.layers.0.self_attention.query.weight"]'
LONG = "encoder_layers_0_self_attention_residual_connection"

STATEMENTS = [
    "x = torch.relu(y)",
    f"{NAME} = F.conv2d({NAME}, {WEIGHT}, padding=1)",
    f"{NAME} = F.conv2d({NAME}, {WEIGHT}, {WEIGHT}, stride=2, padding=(1, 1), groups=32)",
    f"{NAME} = {LONG} + {LONG}",
    f"{LONG}_1 = {LONG} @ {LONG}",
    f"{NAME} = {LONG} * {WEIGHT} + {WEIGHT}",
    f"{NAME} = {LONG} * {WEIGHT}",
    f"{LONG}_2 = operators.scaled_dot_product_attention(x)",
    f"{LONG}_3 = operators.scaled_dot_product_attention({LONG}, {NAME})",
    f"{NAME} = torch.cat([{LONG}, {NAME}, x], dim=1)",
    f"{NAME} = torch.cat([{LONG}_1, {LONG}_2, {LONG}_3, {LONG}_4], dim=1)",
    f"{NAME}, _ = {LONG}.chunk(2, dim=1)",
    f"{NAME}_1 = {WEIGHT}[{LONG}]",
    f"{LONG}_3 = {WEIGHT}[input_ids]",
    f"{LONG}_4 = {NAME}_{NAME}[:, :, 1:]",
    f"{LONG}_5 = {LONG}_2[:, :, 1:]",
    f"{LONG}_1, {LONG}_2 = run_unit(x)",
    f'{LONG}_1, {LONG}_2 = run_unit("features.stage1.unit1", {LONG}_3, {LONG}_4, padding=2)',
    f"{LONG} = {NAME}.reshape(1, 2, 3, 4, 5, 6, 7, 8, 9)",
    f'{LONG} = await channels.recv("{LONG}", source="cluster_1")',
    f'channels.send("{LONG}", {LONG}, to="cluster_1")',
    f'return {{"{LONG}": {LONG}, "scores": scores}}',
    f"""x = F.linear({NAME}, w["a, (b) [c"], w['d"e, f'], {LONG})""",
    f"{NAME} = torch.tensor([{', '.join(str(n) for n in range(1000, 1030))}])",
]
"""Bodies of functions, one statement each."""


def formatted(code: str) -> str:
    """The code as ruff formats it."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--stdin-filename", "m.py"]
    ruff = [*command, "--line-length", str(LINE_LENGTH), "-"]
    return subprocess.run(ruff, input=code, capture_output=True, text=True, check=True).stdout


def module(statements: list[str]) -> str:
    """Functions of a statement each, wrapped by us."""
    functions = [
        "\n".join([f"async def f{i}():", *wrap(statement, 4)])
        for i, statement in enumerate(statements)
    ]
    return "\n\n\n".join(functions) + "\n"


def test_statements_of_generated_code() -> None:
    code = module(STATEMENTS)
    assert formatted(code) == code


names = st.sampled_from(["x", "w", NAME, LONG, f"{LONG}_2", WEIGHT])
literals = st.sampled_from(["1", "-0.5", "(2, 2)", "True", 'float("-inf")', "torch.float32"])
keywords = st.builds("{}={}".format, st.sampled_from(["dim", "stride", "padding"]), literals)


@st.composite
def calls(draw: st.DrawFn) -> str:
    """A call with operands, perhaps a list of them, and keyword arguments."""
    operands = draw(st.lists(names, min_size=1, max_size=4))
    if draw(st.booleans()):
        operands = [f"[{', '.join(operands)}]"]
    given = draw(st.lists(keywords, max_size=3, unique_by=lambda text: text.split("=")[0]))
    function = draw(st.sampled_from(["torch.cat", "F.conv2d", "operators.scaled_dot_product"]))
    return f"{function}({', '.join([*operands, *given])})"


statements = st.builds("{} = {}".format, names.filter(str.isidentifier), calls())


# Each example is a process: a few long modules, and no search for the smallest that fails.
@settings(max_examples=4, phases=[Phase.generate])
@given(st.lists(statements, min_size=30, max_size=60))
def test_calls_of_any_length(drawn: list[str]) -> None:
    code = module(drawn)
    assert formatted(code) == code


def test_items_are_split_outside_brackets_and_strings() -> None:
    assert split_items('a, (b, c), "d, e", f[1, 2]') == ["a", "(b, c)", '"d, e"', "f[1, 2]"]
    assert split_items("") == []
