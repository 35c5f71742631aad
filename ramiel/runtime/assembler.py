"""An assembler for the few instructions of x86-64 with AVX-512 that kernels of our own are made of.

Encodings after Intel's Software Developer's Manual, volume 2: EVEX prefixes in section 2.7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

REGISTERS, VECTOR = 32, 16
"""How many there are, and the float32 numbers in each."""
FLOAT = 4
BYTES = FLOAT * VECTOR
"""Of a number, and of a register."""
LARGEST_OFFSET = 1 << 30
"""Bytes that an address may be away from its register, and room for what is added to that."""


@dataclass(frozen=True)
class Address:
    """Memory: the number of a general register, one of the first eight but for `prefetch`, and an
    offset."""

    base: int
    offset: int = 0


RAX, RCX, RDX, RSP, RSI, RDI, R8 = 0, 1, 2, 4, 6, 7, 8


class Assembler:
    """Appends instructions to `code`.  Vector registers are numbers from 0 to 31.

    `mask`: whether loads and stores are of the elements that mask k1 has.
    """

    def __init__(self) -> None:
        self.code = bytearray()
        self.mask = False

    def load(self, register: int, source: Address) -> None:
        """Elements that the mask has not become 0."""
        self._evex(0x10, register, 0, source, masked=self.mask, zeroing=self.mask)

    def store(self, target: Address, register: int) -> None:
        self._evex(0x11, register, 0, target, masked=self.mask)

    def move(self, target: int, source: int) -> None:
        self._evex(0x28, target, 0, source)

    def add(self, target: int, left: int, right: int | Address) -> None:
        self._evex(0x58, target, left, right)

    def multiply(self, target: int, left: int, right: int) -> None:
        self._evex(0x59, target, left, right)

    def subtract(self, target: int, left: int, right: int) -> None:
        """target = left - right"""
        self._evex(0x5C, target, left, right)

    def maximum(self, target: int, left: int, right: int) -> None:
        """right where one of them is NaN."""
        self._evex(0x5F, target, left, right)

    def minimum(self, target: int, left: int, right: int) -> None:
        """right where one of them is NaN."""
        self._evex(0x5D, target, left, right)

    def divide(self, target: int, left: int, right: int) -> None:
        """target = left / right"""
        self._evex(0x5E, target, left, right)

    def scale(self, target: int, left: int, right: int) -> None:
        """target = left · 2 ^ floor(right)"""
        self._evex(0x2C, target, left, right, prefix=1, table=2)

    def round(self, target: int, source: int) -> None:
        """To the nearest whole number."""
        self._evex(0x08, target, 0, source, prefix=1, table=3)
        self.code.append(0)

    def add_product(self, target: int, left: int, right: int | Address) -> None:
        """target = target + left · right"""
        self._evex(0xB8, target, left, right, prefix=1, table=2)

    def subtract_product(self, target: int, left: int, right: int) -> None:
        """target = target - left · right"""
        self._evex(0xBC, target, left, right, prefix=1, table=2)

    def broadcast(self, target: int, number: float) -> None:
        """The number in all elements; rax changes."""
        self.set_rax(int.from_bytes(struct.pack("<f", number), "little"))
        self._evex(0x7C, target, 0, RAX, prefix=1, table=2)

    def broadcast_from(self, target: int, source: Address) -> None:
        """A number in memory in all elements."""
        self._evex(0x18, target, 0, source, prefix=1, table=2)

    def prefetch(self, source: Address) -> None:
        """Bring 64 bytes to the cache of the second level; no address is a mistake."""
        self.code += bytes([0x40 | source.base >> 3, 0x0F, 0x18, 0x90 | source.base & 7])
        self.code += struct.pack("<i", source.offset)

    def set_rax(self, number: int) -> None:
        """A number of 32 bits without sign."""
        self.code += b"\xb8" + struct.pack("<I", number)

    def set_mask(self, count: int) -> None:
        """k1: the first elements; rax changes."""
        self.set_rax((1 << count) - 1)
        self.code += bytes.fromhex("c5 f8 92 c8")

    def advance(self, register: int, count: int) -> None:
        """Add a number of bytes to a general register."""
        self.code += bytes([0x48 | register >> 3, 0x81, 0xC0 | register & 7])
        self.code += struct.pack("<i", count)

    def loop(self, start: int) -> None:
        """Take 1 from rax, and go to that place in the code if it is not 0 then."""
        self.code += bytes.fromhex("48 ff c8 0f 85")
        self.code += struct.pack("<i", start - len(self.code) - 4)

    def skip(self, count: int) -> None:
        """Go on so many bytes behind this."""
        self.code += b"\xe9" + struct.pack("<i", count)

    def enter(self, stack_bytes: int) -> None:
        """Begin a function with so many bytes at rsp, which is a multiple of 64."""
        self.code += bytes.fromhex("55 48 89 e5 48 81 ec") + struct.pack("<i", stack_bytes)
        self.code += bytes.fromhex("48 83 e4 c0")

    def end(self) -> None:
        """End a function that has nothing at rsp."""
        self.code += bytes.fromhex("c5 f8 77 c3")

    def leave(self) -> None:
        """End one that `enter` began."""
        self.code += bytes.fromhex("c5 f8 77 c9 c3")

    def _evex(
        self,
        opcode: int,
        register: int,
        second: int,
        last: int | Address,
        prefix: int = 0,
        table: int = 1,
        masked: bool = False,
        zeroing: bool = False,
    ) -> None:
        """An instruction on registers of 512 bits; the last operand is a register or memory."""
        low = last.base if isinstance(last, Address) else last
        high_bits = (register >> 3 & 1, low >> 4 & 1, low >> 3 & 1, register >> 4 & 1)
        r, x, b, r_high = (1 - bit for bit in high_bits)
        self.code += bytes(
            [
                0x62,
                r << 7 | x << 6 | b << 5 | r_high << 4 | table,
                (~second & 15) << 3 | 4 | prefix,
                zeroing << 7 | 2 << 5 | (1 - (second >> 4)) << 3 | masked,
                opcode,
            ]
        )
        if not isinstance(last, Address):
            self.code.append(0xC0 | (register & 7) << 3 | low & 7)
            return
        self.code.append(0x80 | (register & 7) << 3 | low & 7)
        if low & 7 == RSP:
            self.code.append(0x24)
        self.code += struct.pack("<i", last.offset)
