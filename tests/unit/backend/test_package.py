"""A package is written all at once or not at all, and replaces only what Ramiel made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.universe import Universe

from ramiel.backend.package import MARK, check_destination, write_package
from ramiel.backend.target import find_program
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.weights import WeightStore

TEXT = """
task.program @tiny(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  task.cluster @cluster_0 {
    %y = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    task.output %y, 0 : tensor<2xf32>
  }
}
"""
FILES = {
    "__init__.py",
    "__main__.py",
    "_runtime",
    MARK,
    "model.py",
    "weights.json",
    "weights.safetensors",
}


@pytest.fixture
def program() -> ProgramOp:
    """A program of one call."""
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return find_program(Parser(context, TEXT).parse_module())


def names(folder: Path) -> set[str]:
    """What is in a folder."""
    return {path.name for path in folder.iterdir()}


def test_the_files_of_a_package(program: ProgramOp, tmp_path: Path) -> None:
    write_package(program, tmp_path / "made" / "tiny")
    assert names(tmp_path / "made" / "tiny") == FILES
    assert names(tmp_path / "made") == {"tiny"}


def test_a_package_of_ramiels_is_replaced(program: ProgramOp, tmp_path: Path) -> None:
    write_package(program, tmp_path / "tiny", ir=[("lift", "old")])
    write_package(program, tmp_path / "tiny")
    assert names(tmp_path / "tiny") == FILES
    assert names(tmp_path) == {"tiny"}


def test_an_empty_folder_is_filled(program: ProgramOp, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    write_package(program, tmp_path / "tiny")
    assert names(tmp_path / "tiny") == FILES


def test_a_folder_that_ramiel_did_not_make_stays(program: ProgramOp, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("cat")
    with pytest.raises(RamielError, match="was not made by Ramiel; --force replaces it"):
        write_package(program, tmp_path / "photos")
    assert names(tmp_path / "photos") == {"cat.jpg"}

    write_package(program, tmp_path / "photos", force=True)
    assert names(tmp_path / "photos") == FILES


def test_a_file_in_the_way_stays(program: ProgramOp, tmp_path: Path) -> None:
    (tmp_path / "tiny").write_text("mine")
    with pytest.raises(RamielError, match="was not made by Ramiel"):
        write_package(program, tmp_path / "tiny")
    assert (tmp_path / "tiny").read_text() == "mine"


def test_a_failure_leaves_nothing_behind(
    program: ProgramOp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(program, tmp_path / "tiny")
    before = (tmp_path / "tiny" / "model.py").read_text()

    def disk_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WeightStore, "save", disk_full)
    for folder in ("tiny", "new"):
        with pytest.raises(RamielError, match="No space left on device"):
            write_package(program, tmp_path / folder)
    assert names(tmp_path) == {"tiny"}
    assert (tmp_path / "tiny" / "model.py").read_text() == before


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RamielError, match="cannot write"):
        check_destination(tmp_path / "file" / "tiny")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_known_before_the_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RamielError, match="no permission in"):
            check_destination(tmp_path / "tiny")
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> bool:
        return False

    monkeypatch.setattr(os, "access", denied)
    with pytest.raises(RamielError, match="no permission in"):
        check_destination(tmp_path / "deep" / "tiny")
