"""Instructions have the bytes that GNU's assembler gives them, but for the length of offsets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ramiel.runtime.assembler import R8, RCX, RDI, RDX, RSI, RSP, Address, Assembler


def masked(emit: Callable[[Assembler], None]) -> Callable[[Assembler], None]:
    def run(code: Assembler) -> None:
        code.mask = True
        emit(code)

    return run


CASES: list[tuple[str, Callable[[Assembler], None], str]] = [
    (
        "vmovups zmm0, [rdi + 4096]",
        lambda code: code.load(0, Address(RDI, 4096)),
        "62 f1 7c 48 10 87 00 10 00 00",
    ),
    (
        "vmovups zmm31, [rsi - 64]",
        lambda code: code.load(31, Address(RSI, -64)),
        "62 61 7c 48 10 be c0 ff ff ff",
    ),
    (
        "vmovups zmm9, [rsp + 128]",
        lambda code: code.load(9, Address(RSP, 128)),
        "62 71 7c 48 10 8c 24 80 00 00 00",
    ),
    (
        "vmovups zmm18{k1}{z}, [rdx + 8]",
        masked(lambda code: code.load(18, Address(RDX, 8))),
        "62 e1 7c c9 10 92 08 00 00 00",
    ),
    (
        "vmovups [rcx + 64]{k1}, zmm25",
        masked(lambda code: code.store(Address(RCX, 64), 25)),
        "62 61 7c 49 11 89 40 00 00 00",
    ),
    ("vmovaps zmm20, zmm3", lambda code: code.move(20, 3), "62 e1 7c 48 28 e3"),
    ("vaddps zmm17, zmm30, zmm9", lambda code: code.add(17, 30, 9), "62 c1 0c 40 58 c9"),
    ("vmulps zmm8, zmm16, zmm24", lambda code: code.multiply(8, 16, 24), "62 11 7c 40 59 c0"),
    ("vsubps zmm5, zmm21, zmm6", lambda code: code.subtract(5, 21, 6), "62 f1 54 40 5c ee"),
    ("vmaxps zmm4, zmm4, zmm31", lambda code: code.maximum(4, 4, 31), "62 91 5c 48 5f e7"),
    ("vminps zmm12, zmm23, zmm12", lambda code: code.minimum(12, 23, 12), "62 51 44 40 5d e4"),
    ("vdivps zmm9, zmm9, zmm13", lambda code: code.divide(9, 9, 13), "62 51 34 48 5e cd"),
    ("vscalefps zmm11, zmm11, zmm13", lambda code: code.scale(11, 11, 13), "62 52 25 48 2c dd"),
    ("vrndscaleps zmm13, zmm12, 0", lambda code: code.round(13, 12), "62 53 7d 48 08 ec 00"),
    (
        "vfmadd231ps zmm10, zmm19, zmm7",
        lambda code: code.add_product(10, 19, 7),
        "62 72 65 40 b8 d7",
    ),
    (
        "vfnmadd231ps zmm29, zmm1, zmm28",
        lambda code: code.subtract_product(29, 1, 28),
        "62 02 75 48 bc ec",
    ),
    (
        "mov eax, 0x40a80000; vpbroadcastd zmm17, eax",
        lambda code: code.broadcast(17, 5.25),
        "b8 00 00 a8 40 62 e2 7d 48 7c c8",
    ),
    (
        "mov eax, 7; kmovw k1, eax",
        lambda code: code.set_mask(3),
        "b8 07 00 00 00 c5 f8 92 c8",
    ),
    (
        "vbroadcastss zmm30, [rdi + 8]",
        lambda code: code.broadcast_from(30, Address(RDI, 8)),
        "62 62 7d 48 18 b7 08 00 00 00",
    ),
    (
        "prefetcht1 [r8 + 64]",
        lambda code: code.prefetch(Address(R8, 64)),
        "41 0f 18 90 40 00 00 00",
    ),
    ("add r8, 64", lambda code: code.advance(R8, 64), "49 81 c0 40 00 00 00"),
    ("add rsi, 100000", lambda code: code.advance(RSI, 100000), "48 81 c6 a0 86 01 00"),
    ("dec rax; jnz $ - 3", lambda code: code.loop(0), "48 ff c8 0f 85 f7 ff ff ff"),
    (
        "push rbp; mov rbp, rsp; sub rsp, 2304; and rsp, -64",
        lambda code: code.enter(2304),
        "55 48 89 e5 48 81 ec 00 09 00 00 48 83 e4 c0",
    ),
    (
        "vaddps zmm17, zmm30, [rsp + 128]",
        lambda code: code.add(17, 30, Address(RSP, 128)),
        "62 e1 0c 40 58 8c 24 80 00 00 00",
    ),
    (
        "vfmadd231ps zmm10, zmm19, [rdi + 64]",
        lambda code: code.add_product(10, 19, Address(RDI, 64)),
        "62 72 65 40 b8 97 40 00 00 00",
    ),
    ("jmp $ + 21", lambda code: code.skip(16), "e9 10 00 00 00"),
    ("vzeroupper; ret", lambda code: code.end(), "c5 f8 77 c3"),
    ("vzeroupper; leave; ret", lambda code: code.leave(), "c5 f8 77 c9 c3"),
]


@pytest.mark.parametrize(("text", "emit", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bytes(text: str, emit: Callable[[Assembler], None], expected: str) -> None:
    code = Assembler()
    emit(code)
    assert code.code.hex(" ") == expected
