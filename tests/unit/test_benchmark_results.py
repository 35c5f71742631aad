"""What the latency benchmark writes down says where an output was wrong."""

from __future__ import annotations

from benchmarks.results import PEERS, RAMIEL, SERIAL, ModelResult, Result, markdown, wrong

ABOUT = {
    "machine": "a machine",
    "python": "3.11",
    "versions": {"torch": "2.13.0"},
    "threads": 2,
    "load": 0.0,
}


def results(difference: float) -> list[ModelResult]:
    names = [SERIAL, *PEERS, RAMIEL]
    found = [Result(name, [0.002, 0.002, 0.003], 1e-6, 0) for name in names[:-1]]
    found.append(Result(RAMIEL, [0.001, 0.001, 0.001], difference, 0))
    return [ModelResult("net", found, {}, "one cluster", 1.0, 1.0)]


def test_right_outputs_are_said_to_be_right() -> None:
    found = results(9e-5)
    assert wrong(found) == []
    text = markdown(found, ABOUT)
    assert "every output within 1e-04 of ONNX Runtime's." in text
    assert "| net | 2.0 | 2.0 | 2.0 | 2.0 | 2.0 | 1.0 |" in text


def test_wrong_outputs_are_named() -> None:
    for difference in (1.44e-4, float("nan")):
        found = results(difference)
        [name] = wrong(found)
        assert name.startswith("net in Ramiel")
        assert f"NOT within 1e-04 of ONNX Runtime's: {name}." in markdown(found, ABOUT)
