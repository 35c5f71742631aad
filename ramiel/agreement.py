"""How often a classifier that computes in less precision still says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ramiel.tensors import Array

SAMPLES = 8
"""The inputs on which a classifier's answers are compared."""
LEAST_CLASSES = 2


@dataclass(frozen=True)
class Agreement:
    """Of one output that has a score for each class."""

    output: str
    same: int
    """The rows in which the largest score is that of the same class."""
    rows: int
    classes: int
    """How many different classes the reference finds: with one alone, agreeing is no news."""

    @property
    def text(self) -> str:
        """As `ramiel verify` prints it."""
        classes = f"{self.classes} different classes" if self.classes > 1 else "always one class"
        return f"{self.output}: largest score agrees in {self.same} of {self.rows} rows ({classes})"


def is_classification(output: Array) -> bool:
    """Whether an output is a matrix of scores, a row for each sample."""
    return output.ndim == 2 and output.dtype.kind == "f" and output.shape[1] >= LEAST_CLASSES


def measure_agreement(
    names: Sequence[str],
    run: Callable[[Mapping[str, Array]], Sequence[Array]],
    reference: Callable[[Mapping[str, Array]], Sequence[Array]],
    inputs: Sequence[Mapping[str, Array]],
) -> list[Agreement]:
    """Compare the classes with the largest scores, for each output that is a classification."""
    pairs = [(run(given), reference(given)) for given in inputs]
    found: list[Agreement] = []
    for index, name in enumerate(names):
        outputs = [(ours[index], theirs[index]) for ours, theirs in pairs]
        if not all(is_classification(theirs) for _, theirs in outputs):
            continue
        ours, theirs = (
            np.concatenate([np.argmax(pair[side], axis=1) for pair in outputs]) for side in (0, 1)
        )
        same = int((ours == theirs).sum())
        found.append(Agreement(name, same, theirs.size, len(np.unique(theirs))))
    return found
