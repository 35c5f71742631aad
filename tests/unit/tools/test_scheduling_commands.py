"""`info` and `schedule`: the figures behind a schedule."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Ramiel = Callable[..., "int | str"]


def test_info_prints_json_for_each_number_of_workers(
    ramiel: Ramiel, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("info", model, "--workers", "2,4", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["workers"] for item in found] == [2, 4]
    assert list(found[0]) == [
        *("workers", "nodes", "total_cost_ns", "critical_path_ns", "clusters", "merged_clusters"),
        *("messages", "message_bytes", "makespan_ns", "bound_ns", "gap_percent", "speedup"),
    ]
    for item in found:
        assert item["bound_ns"] <= item["makespan_ns"] <= item["total_cost_ns"]


def test_info_says_why_serial_is_as_fast(
    ramiel: Ramiel, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("info", model, "--workers", "1") == 0
    assert "serial is as fast: one worker was asked for" in capsys.readouterr().out


@pytest.mark.parametrize("workers", ["0", "2,0", "two", "2,"])
def test_info_refuses_what_is_no_number_of_workers(
    ramiel: Ramiel, model: Path, workers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("info", model, "--workers", workers) == 2
    assert "list of numbers from 1 on" in capsys.readouterr().err


def test_schedule_compares_the_algorithms(
    ramiel: Ramiel, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("schedule", model, "--compare", "--workers", 2) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("linear", "dsc", "list", "portfolio", "gap", "seconds"))


def test_schedule_shows_the_workers(
    ramiel: Ramiel, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("schedule", model, "--algorithm", "linear", "--workers", 2) == 0
    assert "cluster_0" in capsys.readouterr().out


def test_schedule_needs_a_worker(ramiel: Ramiel, model: Path) -> None:
    assert ramiel("schedule", model, "--workers", 0) == (
        "ramiel: --workers must be at least 1, not 0"
    )
