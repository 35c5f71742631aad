"""External data: regular files inside the model's folder, exactly the bytes of the tensor."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from ramiel.errors import RamielError
from ramiel.frontend.initializers import decode

VALUES = np.arange(64, dtype=np.float32)


def tensor(**entries: str) -> TensorProto:
    """64 floats, in a file."""
    found = TensorProto(name="w", dims=[64], data_type=TensorProto.FLOAT)
    found.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        found.external_data.add(key=key, value=value)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder with a weights file, and a secret beside it."""
    (tmp_path / "secret").write_bytes(VALUES.tobytes())
    (tmp_path / "model" / "blobs").mkdir(parents=True)
    (tmp_path / "model" / "blobs" / "w").write_bytes(VALUES.tobytes())
    return tmp_path / "model"


def test_a_link_inside_the_folder_is_what_caches_use(folder: Path) -> None:
    (folder / "weights").symlink_to("blobs/w")
    np.testing.assert_array_equal(decode(tensor(location="weights"), folder), VALUES)


def test_a_linked_folder_inside_the_folder(folder: Path) -> None:
    (folder / "here").symlink_to("blobs")
    (folder / "weights").symlink_to("here/w")
    for location in ("here/w", "weights"):
        np.testing.assert_array_equal(decode(tensor(location=location), folder), VALUES)


def test_a_hard_link_is_a_file(folder: Path) -> None:
    os.link(folder.parent / "secret", folder / "weights")
    np.testing.assert_array_equal(decode(tensor(location="weights"), folder), VALUES)


def test_a_range_of_a_file(folder: Path) -> None:
    (folder / "two").write_bytes(b"head" + VALUES.tobytes() + b"tail")
    found = decode(tensor(location="two", offset="4", length="256"), folder)
    np.testing.assert_array_equal(found, VALUES)


@pytest.mark.parametrize(
    "location",
    [
        "../secret",
        "blobs/../../secret",
        "/etc/passwd",
        "out",
        "away/secret",
        "a\0b",
        "",
        "x" * 5000,
    ],
)
def test_nothing_else_is_read(folder: Path, location: str) -> None:
    (folder / "out").symlink_to("../secret")
    (folder / "away").symlink_to("..")
    with pytest.raises(RamielError, match=r"tensor 'w' (reads outside|has external|is in)"):
        decode(tensor(location=location), folder)


def test_a_fifo_a_device_and_a_folder_are_no_files(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "zero").symlink_to("/dev/zero")
    for location in ("fifo", "zero", "blobs", "gone", "loop"):
        if location == "loop":
            (folder / "loop").symlink_to("loop")
        with pytest.raises(RamielError, match="tensor 'w'"):
            decode(tensor(location=location), folder)


@pytest.mark.parametrize("offset", ["-1", "1", "256", str(2**63), "9" * 40, "0x10", "", "٣"])
def test_an_offset_is_natural_and_inside(folder: Path, offset: str) -> None:
    with pytest.raises(RamielError, match="tensor 'w'"):
        decode(tensor(location="blobs/w", offset=offset), folder)


@pytest.mark.parametrize("length", ["-1", "255", "257", str(2**62), "many"])
def test_a_length_is_that_of_the_tensor(folder: Path, length: str) -> None:
    with pytest.raises(RamielError, match="tensor 'w'"):
        decode(tensor(location="blobs/w", length=length), folder)


def test_keys_are_known_and_stand_once(folder: Path) -> None:
    twice = tensor(location="blobs/w")
    twice.external_data.add(key="location", value="../secret")
    for wrong in (twice, tensor(location="blobs/w", command="rm"), tensor(offset="0")):
        with pytest.raises(RamielError, match="has external data with"):
            decode(wrong, folder)
