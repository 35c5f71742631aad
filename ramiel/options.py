"""What the caller of the compiler chooses."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ramiel.cores import available_cores
from ramiel.errors import RamielError
from ramiel.precision import FLOAT32, TOLERANCES

COST_MODEL_VARIABLE = "RAMIEL_COST_MODEL"
"""The environment variable with the cost model of whoever asks for none."""
PRESETS = ("faithful", "fast")
"""`faithful` changes no parameter; `fast` may."""
STYLES = ("clusters", "module", "script")
"""What is written: a function for each cluster; one nn.Module; one file of functions."""
HYPER = ("plain", "switched")
"""How the samples of a batch are laid over the workers, see docs/hyperclusters.md."""


@dataclass(frozen=True)
class Options:
    """What the caller chooses."""

    workers: int | None = None
    """Clusters at most; None: the cores that this process may use."""
    preset: str = "fast"
    force_parallel: bool = False
    """Keep the parallel program where no gain is predicted."""
    duplicate: bool = True
    """Copy operations to clusters that would wait for them, where that pays."""
    portable: bool = False
    """Leave out kernels that only some machines have."""
    precision: str = FLOAT32
    """One of PRECISIONS: what heavy operations compute in."""
    torch_compile: bool = False
    """Clusters go through torch.compile between their messages, instead of oneDNN's kernels."""
    without: tuple[str, ...] = ()
    """Passes to leave out."""
    dims: tuple[str, ...] = ()
    """Symbolic dimensions to fix, as "batch=1"."""
    name: str | None = None
    """The class's name."""
    batch: int = 1
    """Samples that a call computes, as hyperclusters if they are several."""
    hyper: str = HYPER[0]
    """One of HYPER."""
    style: str = "clusters"
    """One of STYLES; `compile_model` makes clusters, ramiel/styles.py the others."""
    cost_model: str | None = None
    """static, roofline, profile or an extension's; None: $RAMIEL_COST_MODEL, else profile."""
    costs: str | None = None
    """A costs.json whose costs go before the model's."""
    executor: str = "threads"
    """Whose messages and calls the schedule reckons with."""

    @property
    def model(self) -> str:
        """The cost model that is used."""
        return self.cost_model or os.environ.get(COST_MODEL_VARIABLE) or "profile"

    @property
    def tolerance(self) -> float:
        """The largest relative difference from the reference in this precision."""
        return TOLERANCES[self.precision]

    @property
    def usable_workers(self) -> int:
        """The number of workers.  Raises RamielError if it is less than one."""
        workers = self.workers if self.workers is not None else available_cores()
        if workers < 1:
            raise RamielError(f"--workers must be at least 1, not {workers}")
        return workers
