from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ramiel.costs import model, static
from ramiel.costs.model import find_model
from ramiel.errors import RamielError

DOCS = Path(__file__).parents[3] / "docs" / "costs.md"


def test_the_table_in_the_docs_is_the_models_own():
    assert static.table() in DOCS.read_text(encoding="utf-8")


def test_an_unknown_model_lists_those_there_are():
    with pytest.raises(RamielError, match="'guess'; there are: static, roofline, profile"):
        find_model("guess")


def test_an_extension_brings_a_model_of_its_own(monkeypatch: pytest.MonkeyPatch):
    entry = EntryPoint("unit", "ramiel.costs.static:estimate", model.GROUP)

    def entries(group: str) -> list[EntryPoint]:
        return [entry] if group == "ramiel.cost_models" else []

    monkeypatch.setattr(model, "entry_points", entries)
    assert find_model("unit") is static.estimate
