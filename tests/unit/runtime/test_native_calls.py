"""Tables of native calls: order, arguments, failures; in machine code and in Python."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable

import pytest

from ramiel.runtime import machine_code, native_calls
from ramiel.runtime.native_calls import NativeCalls, native_loop

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_size_t] * 4)
FAILS = 9


@pytest.fixture(params=["machine code", "Python"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both loops."""
    if request.param == "Python":
        monkeypatch.setattr(native_calls, "native_loop", lambda: None)
    elif native_loop() is None:
        pytest.skip("no loop for this processor")


@pytest.fixture
def seen() -> list[tuple[int, ...]]:
    """The arguments of the calls that were made."""
    return []


@pytest.fixture
def address(seen: list[tuple[int, ...]]) -> tuple[int, object]:
    """A function that fails if its first argument says so, and what keeps it alive."""

    def called(*arguments: int) -> int:
        seen.append(arguments)
        return 1 if arguments[0] == FAILS else 0

    function = FUNCTION(called)
    return ctypes.cast(function, ctypes.c_void_p).value or 0, function


def _calls(address: tuple[int, object], *firsts: int) -> NativeCalls:
    return NativeCalls([(address[0], (first, 2**40, 3, 4)) for first in firsts])


@pytest.mark.usefixtures("loop")
def test_calls_are_made_in_order(address: tuple[int, object], seen: list[tuple[int, ...]]) -> None:
    _calls(address, 0, 1, 2, 3).run(1, 2)
    assert seen == [(1, 2**40, 3, 4), (2, 2**40, 3, 4)]


@pytest.mark.usefixtures("loop")
def test_no_calls(address: tuple[int, object], seen: list[tuple[int, ...]]) -> None:
    _calls(address, 0).run(1, 0)
    assert seen == []


@pytest.mark.usefixtures("loop")
def test_the_first_failure_ends_a_run(
    address: tuple[int, object], seen: list[tuple[int, ...]]
) -> None:
    calls = _calls(address, 0, FAILS, 2)
    with pytest.raises(RuntimeError, match="oneDNN could not compute"):
        calls.run(0, 3)
    assert [arguments[0] for arguments in seen] == [0, FAILS]


def test_there_is_a_loop_for_this_processor() -> None:
    expected = platform.machine() == "x86_64" and platform.system() == "Linux"
    assert (native_loop() is not None) == expected


def _refuse(address: int, size: int) -> None:
    raise OSError("forbidden")


def test_there_is_no_machine_code_where_the_system_forbids_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: Callable[[str], int | None] = machine_code.machine_code.__wrapped__
    monkeypatch.setattr(machine_code, "_make_executable", _refuse)
    assert made(native_calls.X86_64) is None
