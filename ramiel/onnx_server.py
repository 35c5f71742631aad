"""The child process that runs ONNX's C++: a script of its own, started by `ramiel.onnx_process`.

It imports nothing but the standard library and onnx's extension module, whose file it is told, so
that it starts in a few hundredths of a second.  It answers one request after another until its
standard input ends.  A message is a list of byte strings: their number, then each behind its
length.
"""

from __future__ import annotations

import resource
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import IO, Any

MEMORY = 4 << 30
"""Bytes of address space."""
DONE, REFUSED, FAILED = b"done", b"refused", b"failed"
"""Statuses of an answer: results follow, or why the model is wrong, or what else went wrong."""
LENGTH = struct.Struct("<Q")


def pack(parts: Sequence[bytes]) -> bytes:
    """The message of these byte strings."""
    head = LENGTH.pack(len(parts))
    return head + b"".join(LENGTH.pack(len(part)) + part for part in parts)


def read_exactly(stream: IO[bytes], count: int) -> bytes:
    """The next bytes.  Raises EOFError if there are fewer."""
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def unpack(stream: IO[bytes]) -> list[bytes]:
    """The byte strings of the next message.  Raises EOFError if the stream ends."""
    [count] = LENGTH.unpack(read_exactly(stream, LENGTH.size))
    parts: list[bytes] = []
    for _ in range(count):
        [length] = LENGTH.unpack(read_exactly(stream, LENGTH.size))
        parts.append(read_exactly(stream, length))
    return parts


class Server:
    """Answers requests by ONNX's C++."""

    def __init__(self, extension: str) -> None:
        loader = ExtensionFileLoader("onnx_cpp2py_export", extension)
        spec = spec_from_loader(loader.name, loader)
        assert spec is not None
        self.onnx: Any = module_from_spec(spec)
        loader.exec_module(self.onnx)
        self.schemas: dict[tuple[str, str, int], Any] = {}
        self.answers: dict[bytes, Callable[..., list[bytes]]] = {
            b"infer_model": self.infer_model,
            b"infer_node": self.infer_node,
            b"inline_local": self.inline_local,
            b"inline_standard": self.inline_standard,
        }

    def infer_model(self, model: bytes) -> list[bytes]:
        """The model with the types of its values: no type check, not strict, data propagated."""
        return [self.onnx.shape_inference.infer_shapes(model, False, False, True)]

    def infer_node(
        self, operator: bytes, domain: bytes, opset: bytes, count: bytes, node: bytes, *rest: bytes
    ) -> list[bytes]:
        """A name and a type for each result.

        `rest` is name and type of each of `count` operands, then name and value of known ones.
        """
        key = (operator.decode(), domain.decode(), int(opset))
        if key not in self.schemas:
            self.schemas[key] = self.onnx.defs.get_schema(key[0], key[2], key[1])
        pairs = [(rest[at].decode(), rest[at + 1]) for at in range(0, len(rest), 2)]
        types, data = dict(pairs[: int(count)]), dict(pairs[int(count) :])
        ir_version = 10
        found = self.schemas[key]._infer_node_outputs(
            node, types, data, {}, {key[1]: key[2]}, ir_version
        )
        return [part for name, type in found.items() for part in (name.encode(), type)]

    def inline_local(self, model: bytes) -> list[bytes]:
        """The model without calls of its own functions."""
        return [self.onnx.inliner.inline_local_functions(model, False)]

    def inline_standard(self, model: bytes, *names: bytes) -> list[bytes]:
        """The model without the named operators: domain and type of each."""
        texts = [name.decode() for name in names]
        pairs = list(zip(texts[::2], texts[1::2], strict=True))
        return [self.onnx.inliner.inline_selected_functions2(model, pairs, False)]

    def answer(self, request: Sequence[bytes]) -> list[bytes]:
        """The answer to a request, whose first part is the seconds that it may take.

        SIGPROF ends the process when they are over: nothing else stops C++.
        """
        signal.setitimer(signal.ITIMER_PROF, float(request[0]))
        try:
            return [DONE, *self.answers[request[1]](*request[2:])]
        except self.onnx.shape_inference.InferenceError as error:
            return [REFUSED, str(error).strip().encode("utf-8", "replace")]
        except Exception as error:
            text = f"{type(error).__name__}: {error}".strip()
            return [FAILED, text.encode("utf-8", "replace")]
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def limit() -> None:
    """No core files, no files written, bounded memory."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Serve standard input and output."""
    server = Server(sys.argv[1])
    limit()
    while True:
        try:
            request = unpack(sys.stdin.buffer)
        except EOFError:
            return
        sys.stdout.buffer.write(pack(server.answer(request)))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
