"""Vector clocks: what a cluster knows of its neighbours' steps."""

from __future__ import annotations

from ramiel.runtime.message_order import MessageOrder
from ramiel.runtime.program import Message
from ramiel.runtime.recording import Receive, Recording, Send, Step

A, B, C = "abc"


def _recordings(**steps: list[Step]) -> dict[str, Recording]:
    return {name: Recording(steps=list(found)) for name, found in steps.items()}


def _send(value: str, to: str) -> Step:
    return Send(value, None, to)  # pyright: ignore[reportArgumentType]


def _receive(value: str, source: str) -> Step:
    return Receive(value, source, 0)


def test_an_answer_says_that_what_was_before_it_is_over() -> None:
    order = MessageOrder(
        [Message("x", A, B), Message("y", B, A)],
        _recordings(
            a=[_send("x", B), _send("other", C), _receive("y", B)],
            b=[_receive("x", A), _send("other", C), _send("y", A), _send("later", C)],
        ),
    )
    assert [order.end_of(A, B, step) for step in range(4)] == [2, 2, None, None]
    assert [order.end_of(B, A, step) for step in range(3)] == [None, None, None]


def test_what_is_known_goes_on_to_others() -> None:
    order = MessageOrder(
        [Message("x", A, B), Message("y", B, C)],
        _recordings(
            a=[_send("z", "d"), _send("x", B)],
            b=[_receive("x", A), _send("y", C)],
            c=[_send("z", "d"), _receive("y", B)],
        ),
    )
    assert order.end_of(C, A, 0) == 1
    assert order.end_of(C, B, 0) == 1
    assert order.end_of(B, A, 0) == 0
    assert order.end_of(A, C, 0) is None


def test_the_first_message_that_tells_counts() -> None:
    order = MessageOrder(
        [Message("x", A, B), Message("y", A, B)],
        _recordings(
            a=[_send("z", C), _send("x", B), _send("z", C), _send("y", B)],
            b=[_receive("y", A), _receive("x", A)],
        ),
    )
    assert [order.end_of(B, A, step) for step in range(4)] == [0, 0, 0, None]
