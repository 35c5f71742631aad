"""ONNX's C++ in a process of its own: a crash, a hang or a blow-up there is a RamielError here.

Shape inference and the inliner follow indices, divide by attributes and allocate what a model
says; a hostile one makes them fault.  One child serves this process from its first request on, and
a new one takes its place if it dies.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from io import BytesIO

import onnx.onnx_cpp2py_export
from onnx import ModelProto

from ramiel import onnx_server
from ramiel.errors import RamielError
from ramiel.onnx_server import DONE, LENGTH, REFUSED, pack, unpack

SECONDS = 10
"""Processor time that a request may take."""
SECONDS_PER_MEGABYTE = 3
"""What it may take more for the size of a model, which is without its weights."""
PATIENCE = 10
"""How many times that may pass on the clock: the machine may be busy."""
CHUNK = 1 << 20


class OnnxRefusal(RamielError):
    """ONNX says that the model is wrong."""


class OnnxFailure(RamielError):
    """ONNX cannot say, for another reason."""


class OnnxCrash(RamielError):
    """ONNX's C++ crashed, or took too long: the model is not to be trusted further."""


class OnnxProcess:
    """The child, and the one conversation with it."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._child = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", onnx_server.__file__),
                onnx.onnx_cpp2py_export.__file__ or "",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        self._inlet, self._outlet = self._child.stdin.fileno(), self._child.stdout.fileno()
        os.set_blocking(self._inlet, False)
        os.set_blocking(self._outlet, False)

    @property
    def usable(self) -> bool:
        """Whether it runs, and is not that of the process that this one was forked from."""
        return self._owner == os.getpid() and self._child.poll() is None

    def ask(self, request: Sequence[bytes], seconds: float) -> list[bytes]:
        """The answer.  Raises OnnxCrash if there is none in time; then the child is gone."""
        try:
            message = pack((str(seconds).encode(), *request))
            return self._converse(message, time.monotonic() + PATIENCE * seconds)
        except (BrokenPipeError, EOFError):
            raise OnnxCrash(f"onnx's C++ {self._death(seconds)}") from None
        except TimeoutError:
            raise OnnxCrash(f"onnx's C++ gave no answer in {PATIENCE * seconds:.0f} s") from None
        except BaseException:
            # Half a conversation: the next request must not read the answer to this one.
            self.end()
            raise
        finally:
            if not self.usable:
                self.end()

    def _converse(self, message: bytes, deadline: float) -> list[bytes]:
        """Write and read at once: the child may answer before it has read everything."""
        left, answer = memoryview(message), bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._outlet, selectors.EVENT_READ)
            selector.register(self._inlet, selectors.EVENT_WRITE)
            while not (found := _complete(answer)):
                ready = selector.select(deadline - time.monotonic())
                if not ready:
                    self.end()
                    raise TimeoutError
                for key, _ in ready:
                    if key.fd == self._inlet:
                        left = left[os.write(self._inlet, left[:CHUNK]) :]
                        if not left:
                            selector.unregister(self._inlet)
                        continue
                    data = os.read(self._outlet, CHUNK)
                    if not data:
                        raise EOFError
                    answer += data
        return found

    def _death(self, seconds: float) -> str:
        status = self._child.wait()
        if status == -signal.SIGPROF:
            return f"took over {seconds:.0f} s"
        return f"crashed ({signal.Signals(-status).name})" if status < 0 else "ended early"

    def end(self) -> None:
        """Stop the child."""
        if self._owner == os.getpid():
            self._child.kill()
            self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                assert stream is not None
                stream.close()


def _complete(answer: bytearray) -> list[bytes]:
    """The answer's parts once all of it is there, else none."""
    size = LENGTH.size
    if len(answer) < size:
        return []
    [count] = LENGTH.unpack_from(answer)
    at = size
    for _ in range(count):
        if len(answer) < at + size:
            return []
        at += size + LENGTH.unpack_from(answer, at)[0]
    return unpack(BytesIO(answer)) if len(answer) >= at else []


_lock = threading.Lock()
_process: OnnxProcess | None = None


def ask(*request: bytes) -> list[bytes]:
    """What ONNX's C++ answers: see `ramiel.onnx_server`.

    Raises OnnxRefusal if it refuses the model, OnnxFailure if it cannot say, OnnxCrash if it ends.
    """
    global _process
    megabytes = sum(map(len, request)) / 1e6
    seconds = SECONDS + SECONDS_PER_MEGABYTE * megabytes
    with _lock:
        if _process is None or not _process.usable:
            _process = OnnxProcess()
        status, *results = _process.ask(request, seconds)
    if status == DONE:
        return results
    text = results[0].decode("utf-8", "replace")
    if status == REFUSED:
        raise OnnxRefusal(text)
    raise OnnxFailure(f"onnx's C++ failed: {text}")


def ask_model(request: bytes, model: ModelProto, *more: bytes) -> ModelProto:
    """What ONNX's C++ makes of a model.  Raises what `ask` raises."""
    try:
        data = model.SerializeToString()
    except ValueError as error:
        raise OnnxFailure(f"the model cannot be serialized: {error}") from error
    return ModelProto.FromString(ask(request, data, *more)[0])


@atexit.register
def _end() -> None:
    if _process is not None:
        _process.end()
