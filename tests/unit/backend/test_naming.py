"""Every value has one name of its own, which hides nothing that the module uses."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramiel.backend.naming import RESERVED, Namespace, class_name
from ramiel.backend.source import as_comment


@given(st.lists(st.sampled_from(["x", "x_2", "x_2_2", "sum", "sum_", "torch", "conv_1"])))
def test_names_are_given_out_once(hints: list[str]) -> None:
    namespace = Namespace()
    names = [namespace.fresh(hint) for hint in hints]
    assert len(set(names)) == len(names)
    assert not set(names) & RESERVED


def test_a_taken_name_is_counted() -> None:
    namespace = Namespace()
    assert [namespace.fresh("conv") for _ in range(3)] == ["conv", "conv_2", "conv_3"]
    # A number that is there already is not put behind another one.
    assert namespace.fresh("conv_2") == "conv_4"


def test_what_python_and_the_module_use_is_not_hidden() -> None:
    namespace = Namespace()
    assert namespace.fresh("sum") == "sum_"
    assert namespace.fresh("torch") == "torch_"
    assert namespace.fresh("w") == "w_"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("inception_v3", "InceptionV3"),
        ("GoogLeNet", "GoogLeNet"),
        ("resnet-50.v1", "Resnet50V1"),
        ("3d_unet", "Model3dUnet"),
        ("model", "CompiledModel"),
        ("none", "CompiledNone"),
        ("", "CompiledModel"),
        ("größe", "GrE"),
    ],
)
def test_class_names(name: str, title: str) -> None:
    assert class_name(name) == title


@given(st.text())
def test_any_name_gives_a_class_name(name: str) -> None:
    title = class_name(name)
    assert title.isidentifier()
    assert not keyword.iskeyword(title)
    assert title not in RESERVED


@given(st.text())
def test_a_comment_cannot_end_itself(text: str) -> None:
    comment = as_comment(text)
    assert len(comment) <= 60
    assert comment.isascii()
    assert comment == "" or comment.isprintable()
    assert '"' not in comment
    assert "\\" not in comment
