"""Freed memory stays with the process while a model is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource
import torch
from ramiel.runtime.memory import give_back_memory, keep_freed_memory, large_blocks_given_back

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(10, 1024, 1024)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 20

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

torch.ones(10, 1024, 1024)
fresh = faults()
assert keep_freed_memory()
faults()  # aligned blocks leave gaps at first
kept, before = faults(), resident()
give_back_memory()
freed, before = before - resident(), resident()
with large_blocks_given_back():
    torch.ones(64, 1024, 1024)  # more than any block that is kept
held = resident() - before
print(fresh, kept, freed, held, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_no_page_is_faulted_in_twice() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, timeout=60
    )
    fresh, kept, given_back, held, kept_after = map(int, done.stdout.split())
    assert fresh > 20  # of 10,240 small pages, or of huge ones
    assert kept == 0
    assert given_back > 36 << 20
    assert held < 4 << 20
    assert kept_after < fresh
