"""Sequences are Python lists in the generated code, optionals None or a value."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

from ramiel.onnx_backend import RamielRep, prepare

HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'
A, B = np.arange(3, dtype=np.float32), np.ones(2, np.float32)


def compiled(text: str) -> RamielRep:
    """A model in ONNX's text form, compiled."""
    return prepare(parser.parse_model(HEAD + text))


def test_insert_erase_at_and_length() -> None:
    model = compiled("""agraph (seq(float[n]) s, float[n] x, int64 at)
        => (seq(float[n]) more, seq(float[n]) less, float[n] item, int64 count) {
           more = SequenceInsert(s, x, at)
           less = SequenceErase(s)
           item = SequenceAt(s, at)
           count = SequenceLength(more)
    }""")
    more, less, item, count = model.run([[A, B], B * 2, np.array(-1, np.int64)])
    assert [value.tolist() for value in more] == [A.tolist(), [2, 2], B.tolist()]
    assert [value.tolist() for value in less] == [A.tolist()]
    assert item.tolist() == B.tolist()
    assert count.tolist() == 3


def test_a_position_outside_of_the_sequence_is_an_error() -> None:
    model = compiled("""agraph (seq(float[n]) s, float[n] x, int64 at) => (seq(float[n]) more) {
        more = SequenceInsert(s, x, at)
    }""")
    with pytest.raises(RuntimeError, match="position 3 in a sequence of 2"):
        model.run([[A, B], B, np.array(3, np.int64)])


def test_construct_and_concatenate() -> None:
    model = compiled("""agraph (float[n] x, float[m] y) => (float[k] z) {
        s = SequenceConstruct(x, y, x)
        z = ConcatFromSequence<axis = 0>(s)
    }""")
    [z] = model.run([A, B])
    assert z.tolist() == [*A, *B, *A]


@pytest.mark.parametrize(("size", "parts"), [(2, [2, 2, 1]), ([1, 4], [1, 4])])
def test_split_to_sequence(size: int | list[int], parts: list[int]) -> None:
    rank = "" if isinstance(size, int) else "[2]"
    model = compiled(f"""agraph (float[5] x, int64{rank} size) => (seq(float[n]) s) {{
        s = SplitToSequence(x, size)
    }}""")
    [s] = model.run([np.arange(5, dtype=np.float32), np.array(size, np.int64)])
    assert [len(part) for part in s] == parts
    assert np.concatenate(s).tolist() == [0, 1, 2, 3, 4]


def test_an_optional_is_none_or_a_value() -> None:
    model = compiled("""agraph (optional(float[n]) x, float[m] y) => (bool has, float[k] z) {
        has = OptionalHasElement(x)
        z = If (has) <then_branch = t () => (float[n] a) { a = OptionalGetElement(x) },
                      else_branch = e () => (float[n] b) { b = Neg(y) }>
    }""")
    assert [value.tolist() for value in model.run([A, B])] == [True, A.tolist()]
    assert [value.tolist() for value in model.run([None, B])] == [False, (-B).tolist()]


def test_an_input_of_another_kind_is_refused_before_anything_runs() -> None:
    model = compiled("""agraph (seq(float[n]) s) => (int64 count) {
        count = SequenceLength(s)
    }""")
    with pytest.raises(ValueError, match="input 's': expected a list of tensors, got Tensor"):
        model.run([A])
    with pytest.raises(ValueError, match="input 's': expected float32"):
        model.run([[A.astype(np.float64)]])
