"""Pages of a mapped file are let go of, unless they have been written to."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from ramiel.runtime.file_pages import let_go_of_file_pages
from ramiel.runtime.weights import read_weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SIZE = 1 << 20


def _resident_kibibytes(tensor: Tensor) -> int:
    """How much of the mapping that a tensor is in is in memory."""
    inside = False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if found := re.match("([0-9a-f]+)-([0-9a-f]+) ", line):
            start, end = (int(number, 16) for number in found.groups())
            inside = start <= tensor.data_ptr() < end
        elif inside and line.startswith("Rss:"):
            return int(line.split()[1])
    raise AssertionError("it is in no mapping")


def test_what_is_as_in_the_file_is_let_go_of(tmp_path: Path) -> None:
    before = torch.arange(SIZE, dtype=torch.float32)
    save_file({"a": before, "b": before + 1}, tmp_path / "weights.safetensors")
    weights = read_weights(tmp_path / "weights.safetensors")
    a, b = weights["a"], weights["b"]
    a[5] = -1
    b[SIZE // 2 : SIZE // 2 + 3000] = -2
    expected = a.clone(), b.clone()
    read = _resident_kibibytes(a)
    assert read >= 8192
    let_go_of_file_pages([a, b])
    assert _resident_kibibytes(a) <= 64
    assert torch.equal(a, expected[0])
    assert torch.equal(b, expected[1])


def test_memory_of_no_file_stays() -> None:
    tensor = torch.arange(SIZE, dtype=torch.float32)
    let_go_of_file_pages([tensor, tensor[3:5], torch.empty(0)])
    assert torch.equal(tensor, torch.arange(SIZE, dtype=torch.float32))
