"""Functions that a library does not export are found where it has them."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest
import torch

from ramiel.runtime import symbols
from ramiel.runtime.symbols import function_addresses

LIBRARY = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
EXPORTED = "_ZN2at18get_mkldnn_version"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ELF and /proc are Linux's")


def test_an_exported_function_is_where_the_loader_says() -> None:
    found = function_addresses(LIBRARY, EXPORTED)
    library = ctypes.CDLL(str(LIBRARY))
    exported = {name: address for name, address in found.items() if not name.endswith(".cold")}
    assert exported
    for name, address in exported.items():
        assert ctypes.cast(library[name], ctypes.c_void_p).value == address


def test_functions_that_are_not_exported_are_found() -> None:
    assert "dnnl_primitive_execute" in function_addresses(LIBRARY, "dnnl_primitive_")
    with pytest.raises(AttributeError):
        ctypes.CDLL(str(LIBRARY))["dnnl_primitive_execute"]


def test_a_prefix_that_no_function_has() -> None:
    assert function_addresses(LIBRARY, "no_function_begins_so_") == {}


@pytest.mark.parametrize(
    "content", [b"", b"text", b"\x7fELF\x02\x01" + bytes(58), b"\x7fELF\x02\x01" + b"\xff" * 58]
)
def test_a_file_that_is_no_library_has_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.so"
    file.write_bytes(content)
    assert function_addresses(file, "dnnl_") == {}


def test_a_library_that_is_not_loaded_has_none(tmp_path: Path) -> None:
    file = tmp_path / "libtorch_cpu.so"
    file.symlink_to(LIBRARY)
    assert function_addresses(file, "dnnl_primitive_") == {}


def test_without_proc_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbols, "MAPS", tmp_path / "maps")
    assert function_addresses(LIBRARY, "dnnl_primitive_") == {}
