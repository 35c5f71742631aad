"""Fuzzing of .mlir texts: whatever one says, the answer is IR, or an error with its line.

    python tests/fuzz/texts.py --runs 20000
    python tests/fuzz/texts.py --replay 4711

The texts are those of tests/filecheck with tokens left out, repeated, swapped or put in.  Each is
parsed, verified, printed, clustered and printed as Python.  Run N of a seed is always the same
text.  Exits 1 if there are findings.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from io import StringIO
from pathlib import Path

from run import describe, end_with
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException

from ramiel.backend.target import PyTorchTarget
from ramiel.driver import Pipeline
from ramiel.errors import RamielError
from ramiel.tools.source_lines import SourceLines, culprit

FILES = Path(__file__).parents[1] / "filecheck"
TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|[%@#!^][\w.$-]+|[A-Za-z_][\w.$]*|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|->|::|\s+|.'
)
ODD = (
    *('""', '"\\00"', '"os.system"', "%x", "@x", "!torch.size", "index", "none", "tuple<>", "()"),
    *("{}", "[]", "<", ">", "tensor<*xf32>", "tensor<?x4xf32>", "tensor<-1xf32>", "dense<1>"),
    *("tensor<4x!builtin.foo>", 'tensor<4xf32, "x">', "memref<4xf32>", "i64", "i99999999", "0xFF"),
    *("f8E4M3FN", 'loc("x")', "#torch.dtype<float99>", "true", "unit", "attributes", "3 : i1"),
    *("-1", "0", "99999999999999999999999", "1e400", "nan", "0x", '"\\zz"', 'dense<"0x00">'),
)
"""What is put in."""


@cache
def seeds() -> list[list[str]]:
    """The tokens of each piece of each file, without its comments."""
    found: list[list[str]] = []
    for file in sorted(FILES.rglob("*.mlir")):
        for piece in file.read_text(encoding="utf-8").split("// -----"):
            lines = [line for line in piece.splitlines() if not line.strip().startswith("//")]
            found.append(TOKEN.findall("\n".join(lines)))
    return [tokens for tokens in found if 4 < len(tokens) < 1500]


def text_of(seed: int, index: int) -> str:
    """The text of a run."""
    chance = random.Random(f"{seed}:{index}")
    tokens = list(chance.choice(seeds()))
    for _ in range(chance.randint(1, 2)):
        mutate(tokens, chance)
    return "".join(tokens)


def mutate(tokens: list[str], chance: random.Random) -> None:
    """Change one place; most of the time another token of its kind takes it."""
    place = chance.choice([i for i, token in enumerate(tokens) if not token.isspace()])
    match chance.randrange(10):
        case 0:
            del tokens[place : place + chance.randint(1, 4)]
            tokens.append("}")
        case 1:
            tokens[place] = chance.choice(ODD)
        case 2:
            tokens.insert(place, chance.choice(ODD))
        case 3:
            donor = chance.choice(seeds())
            begin = chance.randrange(len(donor))
            tokens[place:place] = donor[begin : begin + chance.randint(1, 12)]
        case _:
            donor = chance.choice((tokens, tokens, chance.choice(seeds())))
            alike = [token for token in donor if kind(token) == kind(tokens[place])]
            tokens[place] = chance.choice(alike or [tokens[place]])


def kind(token: str) -> str:
    """Tokens of one kind can often stand for each other."""
    return "a" if token[0].isalpha() else "0" if token[-1].isdigit() else token[0]


def execute(text: str) -> str:
    """How far a text comes; raises what is no error of a text."""
    from xdsl.dialects.builtin import ModuleOp

    pipeline = Pipeline(ModuleOp([]))
    try:
        module = SourceLines().parse(pipeline.context, text.encode(), "drawn.mlir", True)
    except ParseError:
        return "no text"
    try:
        module.verify()
    except VerifyException as error:
        assert culprit(module, error) is not None, "no operation is at fault"
        return "does not verify"
    try:
        str(module)
        pipeline.module = module
        with contextlib.redirect_stderr(StringIO()):
            pipeline.run("cluster")
            PyTorchTarget().emit(pipeline.context, module, StringIO())
    except (RamielError, DiagnosticException):
        return "refused"
    return "ok"


def fuzz(seed: int, indices: Sequence[int]) -> tuple[Counter[str], dict[str, list[int]]]:
    """Run texts; returns how they ended, and which runs of each kind were findings."""
    counts: Counter[str] = Counter()
    findings: dict[str, list[int]] = {}
    for index in indices:
        try:
            counts[execute(text_of(seed, index))] += 1
        except Exception as error:
            findings.setdefault(describe(error), []).append(index)
    return counts, findings


def main() -> None:
    """Fuzz, and print each finding once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--replay", type=int, help="print the text of one run, and run it")
    options = parser.parse_args()
    if options.replay is not None:
        print(text_of(options.seed, options.replay))
        print(execute(text_of(options.seed, options.replay)))
        return
    counts, findings = fuzz(options.seed, range(options.start, options.start + options.runs))
    print(dict(counts))
    end_with(findings)


if __name__ == "__main__":
    main()
