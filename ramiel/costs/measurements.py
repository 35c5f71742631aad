"""The times of kernels that were measured on this machine, in one file of the cache folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ramiel.costs.cache import machine_file, machine_name, read_json, write_json
from ramiel.errors import RamielError
from ramiel.remarks import remark

VERSION = 4
"""Of the file's format, and of how kernels are measured: 2 drops results after their last use, 3
has no more OpenMP threads than cores, 4 tells weights apart by their layouts."""
MOST_ENTRIES = 100_000
"""Beyond that the file begins anew."""


@dataclass
class Measurements:
    """kernels: key → width → ns; slowdown: of whole models.  The file names machine and torch."""

    file: Path
    kernels: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    slowdown: dict[str, float] = field(default_factory=dict[str, float])

    @classmethod
    def load(cls) -> Measurements:
        """What was measured on this machine with this torch."""
        import torch

        file = machine_file("profile", torch.__version__)
        found = read_json(file)
        if found is None or found.get("version") != VERSION:
            return cls(file)
        return cls(file, found.get("kernels", {}), found.get("slowdown", {}))

    def at_width(self, width: int) -> Times:
        """A view of the times at one width."""
        return Times(self.kernels, str(width))

    def save(self) -> None:
        """Write the file; a remark if that cannot be.

        What another process has added meanwhile is kept.
        """
        import torch

        latest = Measurements.load()
        for key, times in latest.kernels.items():
            self.kernels.setdefault(key, {}).update(
                {width: ns for width, ns in times.items() if width not in self.kernels[key]}
            )
        slowdown = latest.slowdown | self.slowdown
        if len(self.kernels) > MOST_ENTRIES:
            self.kernels.clear()
        content = {
            "version": VERSION,
            "machine": machine_name(),
            "torch": torch.__version__,
            "slowdown": slowdown,
            "kernels": self.kernels,
        }
        try:
            write_json(self.file, content)
        except RamielError as error:
            remark(str(error))


@dataclass
class Times:
    """Key → ns at one width."""

    kernels: dict[str, dict[str, int]]
    width: str

    def __contains__(self, key: str) -> bool:
        return self.width in self.kernels.get(key, {})

    def __getitem__(self, key: str) -> int:
        return self.kernels[key][self.width]

    def get(self, key: str, default: int) -> int:
        """The time of a key, the default if it was not measured."""
        return self.kernels.get(key, {}).get(self.width, default)

    def update(self, times: dict[str, int]) -> None:
        """Keep new times."""
        for key, ns in times.items():
            self.kernels.setdefault(key, {})[self.width] = ns
