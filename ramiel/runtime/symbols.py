"""Functions that a loaded library does not export: where its table of symbols says they are."""

from __future__ import annotations

import struct
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
        names, symbols = _content(file, sections[table.link]), _content(file, table)
    found: dict[str, int] = {}
    for start, kind, _, _, offset, _ in SYMBOL.iter_unpack(symbols):
        if kind & 0xF == FUNCTION and names.startswith(prefix, start):
            found[names[start : names.index(b"\0", start)].decode()] = offset
    return found


def _content(file: BinaryIO, section: Section) -> bytes:
    file.seek(section.offset)
    return file.read(section.size)
