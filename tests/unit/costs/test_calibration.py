from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from small_models import SMALL_MODELS

from ramiel.costs import calibration as calibrations
from ramiel.costs import measuring, messages
from ramiel.costs.cache import cache_folder, machine_file, read_json, write_json
from ramiel.costs.calibration import (
    Calibration,
    ExecutorCosts,
    calibration_file,
    load,
    save,
    this_machine,
)
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.options import Options
from ramiel.remarks import collected


def test_the_file_gives_back_what_was_saved(calibration: Calibration, tmp_path: Path):
    save(calibration, tmp_path / "deep" / "file.json")
    assert load(tmp_path / "deep" / "file.json") == calibration
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["file.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 99}', '{"version": 1}'])
def test_another_file_is_no_calibration(content: str, tmp_path: Path):
    (tmp_path / "file.json").write_text(content)
    assert load(tmp_path / "file.json") is None


def test_folder_and_file_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("RAMIEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "ramiel"
    assert calibration_file().parent == tmp_path / "ramiel"
    monkeypatch.setenv("RAMIEL_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.setenv("RAMIEL_CALIBRATION", str(tmp_path / "this.json"))
    assert calibration_file() == tmp_path / "this.json"


def test_machine_and_torch_have_a_file_of_their_own():
    assert machine_file("profile", "2.6") == machine_file("profile", "2.6")
    assert machine_file("profile", "2.6") != machine_file("profile", "2.7")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RamielError, match="cannot write"):
        write_json(tmp_path / "file" / "x.json", {})
    assert read_json(tmp_path / "file" / "x.json") is None


def test_a_machine_is_measured_once(
    calibration: Calibration, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("RAMIEL_CALIBRATION")
    asked: list[Sequence[str]] = []

    def measure(executors: Sequence[str]) -> Calibration:
        asked.append(executors)
        return calibration

    monkeypatch.setattr(measuring, "calibrate", measure)
    with collected() as remarks:
        assert this_machine() == calibration
    assert "measuring this machine once" in remarks[0]
    assert asked == [("serial", "threads")]
    monkeypatch.setattr(measuring, "calibrate", None)
    assert this_machine() == calibration


def test_an_executor_is_measured_when_it_is_first_asked_for(
    calibration: Calibration, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("RAMIEL_CALIBRATION")
    save(calibration, calibration_file())
    costs = calibration.executors["threads"]
    asked: list[Sequence[str]] = []

    def measure(names: Sequence[str]) -> dict[str, ExecutorCosts]:
        asked.append(names)
        return {"processes": costs}

    monkeypatch.setattr(measuring, "measure_executors", measure)
    for _ in range(2):
        assert this_machine("processes").executors == {"threads": costs, "processes": costs}
    assert asked == [("processes",)]


def test_an_executor_that_there_is_not_is_an_error(
    calibration: Calibration, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("RAMIEL_CALIBRATION")
    save(calibration, calibration_file())
    with collected() as remarks:
        found = this_machine("pigeons")
    assert "pigeons is not calibrated: no executor 'pigeons'" in remarks[-1]
    with pytest.raises(RamielError, match="'pigeons' is not calibrated; there are: threads"):
        found.machine_for("pigeons", 2)


def test_a_file_that_was_asked_for_must_be_there(
    calibration: Calibration, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv(calibrations.FILE_VARIABLE, str(tmp_path / "none.json"))
    with pytest.raises(RamielError, match="holds no calibration"):
        this_machine()


def test_the_scheduler_gets_the_figures_of_an_executor(calibration: Calibration):
    machine = calibration.machine_for("threads", 2)
    assert (machine.cores, machine.slowdown) == (2, (1.0, 1.25))
    assert (machine.message.of(10), machine.travel(10)) == (8_005, 5_003)
    assert (machine.call(1), machine.call(2)) == (5_000, 30_000)


def test_alpha_and_beta_are_fitted():
    assert messages.fit({64: 1_000, 1024: 1_000, 1 << 20: 1_000 + (1 << 20) // 2}) == (1_000, 0.5)
    assert messages.fit({64: 1_000, 1 << 20: 900})[1] == 0


def test_a_width_that_was_not_measured_counts_as_the_one_below():
    assert measuring.by_each_width([1, 2, 4, 6], [1.0, 2.0, 4.0, 6.0]) == [1, 2, 2, 4, 4, 6]


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_programs_of_messages_run(executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(messages, "SECONDS", 0.0)
    monkeypatch.setattr(messages, "SIZES", (64, 1024))
    monkeypatch.setattr(messages, "HOPS", 6)
    with collected() as remarks:
        costs = messages.measure_executor(executor, tmp_path)
    assert remarks == []
    assert list(costs.messages) == ["64", "1024"]
    assert costs.call_ns > 0
    assert costs.message_ns >= costs.send_ns + costs.receive_ns


def test_an_executor_that_cannot_run_here_is_left_out(monkeypatch: pytest.MonkeyPatch):
    def fail(executor: str, folder: Path) -> None:
        raise RuntimeError("no ranks")

    monkeypatch.setattr(messages, "measure_executor", fail)
    with collected() as remarks:
        assert messages.measure_executors(names=["far"]) == {}
    assert remarks == ["executor far is not calibrated: no ranks"]


def test_a_schedule_reckons_with_the_messages_of_its_executor(calibration: Calibration):
    threads = calibration.executors["threads"]
    processes = replace(threads, message_ns=77_000)
    executors = {"threads": threads, "processes": processes}
    save(replace(calibration, executors=executors), calibration_file())
    for executor, costs in executors.items():
        options = Options(cost_model="roofline", executor=executor)
        compilation = compile_model(SMALL_MODELS["towers"](), options, package="towers")
        machine = json.loads(compilation.costs)["machine"]
        assert machine["message_ns"] == costs.message_ns
