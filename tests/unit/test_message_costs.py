"""The cost of a message is measured for each executor."""

from __future__ import annotations

import pytest

from ramiel.message_costs import message_seconds


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_one_message_takes_microseconds(executor: str) -> None:
    assert 0 < message_seconds(executor, 1024) < 0.05


@pytest.mark.parametrize("executor", ["processes", "distributed"])
def test_a_large_message_costs_its_copies(executor: str) -> None:
    assert 0 < message_seconds(executor, 1 << 20) < 1.0
