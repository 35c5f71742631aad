"""Functions that a loaded library does not export: where its table of symbols says they are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAPS = Path("/proc/self/maps")
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
"""Of a 64-bit ELF file, least significant byte first (System V ABI, chapter 4)."""
ELF = b"\x7fELF\x02\x01"
SYMBOL_TABLE = 2
FUNCTION = 2
CHUNK = 24 << 14
"""Bytes that are read at once, a multiple of a symbol's size: the tables have a hundred million."""
LONGEST_NAME = 1024


class Section(NamedTuple):
    """The head of a section: where its content lies in the file, and which other it refers to."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


def function_addresses(library: Path, prefix: str) -> dict[str, int]:
    """Where this process has the functions of a library whose names begin with `prefix`, by name.

    Empty where that is not known: the library is not loaded, is no ELF file, or was stripped.
    """
    try:
        base, found = _loaded_at(library), _functions(library, prefix.encode())
    except (OSError, ValueError, OverflowError, struct.error, IndexError):
        return {}
    return {} if base is None else {name: base + offset for name, offset in found.items()}


def _loaded_at(library: Path) -> int | None:
    """The address of the file's first byte."""
    if not MAPS.exists():
        return None
    for line in MAPS.read_text().splitlines():
        span, _, offset, _, _, *path = line.split(maxsplit=5)
        if path == [str(library)] and int(offset, 16) == 0:
            return int(span.partition("-")[0], 16)
    return None


def _functions(library: Path, prefix: bytes) -> dict[str, int]:
    with library.open("rb") as file:
        header = HEADER.unpack(file.read(HEADER.size))
        if not header[0].startswith(ELF):
            return {}
        file.seek(header[6])
        sections = [Section(*SECTION.unpack(file.read(SECTION.size))) for _ in range(header[12])]
        table = next((section for section in sections if section.kind == SYMBOL_TABLE), None)
        if table is None:
            return {}
        strings = sections[table.link]
        starts = _places(file, strings, prefix)
        offsets = {
            start: offset
            for start, kind, _, _, offset, _ in _symbols(file, table)
            if start in starts and kind & 0xF == FUNCTION
        }
        return {_name(file, strings, start): offset for start, offset in offsets.items()}


def _name(file: BinaryIO, strings: Section, start: int) -> str:
    file.seek(strings.offset + start)
    return file.read(LONGEST_NAME).partition(b"\0")[0].decode("ascii", "replace")


def _places(file: BinaryIO, strings: Section, prefix: bytes) -> set[int]:
    """Where names that begin so may stand in a table of strings.

    Linkers let a name that ends another one share its bytes, so it may begin inside it.
    """
    found: set[int] = set()
    for start in range(0, strings.size, CHUNK):
        file.seek(strings.offset + start)
        chunk = file.read(min(CHUNK + len(prefix) - 1, strings.size - start))
        at = chunk.find(prefix)
        while at >= 0:
            found.add(start + at)
            at = chunk.find(prefix, at + 1)
    return found


def _symbols(file: BinaryIO, table: Section) -> Iterator[tuple[int, ...]]:
    """The entries of a table of symbols, a part of which is in memory at a time."""
    for start in range(0, table.size, CHUNK):
        file.seek(table.offset + start)
        yield from SYMBOL.iter_unpack(file.read(min(CHUNK, table.size - start)))
