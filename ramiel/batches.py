"""The inputs and outputs of programs for several samples: what a call is given and gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.task import ProgramOp
from ramiel.dialects.task_workers import samples_of, split_positions
from ramiel.sampling import sample_inputs
from ramiel.tensors import Array


def split_inputs(program: ProgramOp) -> set[str]:
    """The names of the inputs of which each sample has its own part, along axis 0."""
    return {program.argument_names()[position] for position in split_positions(program)}


def batch_of_inputs(
    program: ProgramOp, graph: GraphOp, seed: int = 0, dims: Mapping[str, int] | None = None
) -> list[dict[str, Array]]:
    """Random inputs of each sample, see `sample_inputs`; those that are not split are the same."""
    first = sample_inputs(graph, seed, dims)
    split = split_inputs(program)
    others = [
        {name: array if name in split else first[name] for name, array in inputs.items()}
        for sample in range(1, samples_of(program))
        for inputs in [sample_inputs(graph, seed + 1000 * sample, dims)]
    ]
    return [first, *others]


def join_inputs(program: ProgramOp, samples: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """What a call is given for these samples."""
    split = split_inputs(program)
    return {
        name: np.concatenate([sample[name] for sample in samples]) if name in split else array
        for name, array in samples[0].items()
    }


def join_outputs(samples: Sequence[Sequence[Array]]) -> list[Array]:
    """What a call gives for samples with these outputs; that of one sample is as it is."""
    if len(samples) == 1:
        return list(samples[0])
    return [np.concatenate(parts) for parts in zip(*samples, strict=True)]
