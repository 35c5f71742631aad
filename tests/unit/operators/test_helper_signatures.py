"""A helper has the defaults that its callee leaves out of the printed call."""

from __future__ import annotations

import inspect
from inspect import Parameter

import pytest

from ramiel.operators import registry
from ramiel.operators.callee import Callee

HELPED = [callee for callee in registry.callees() if callee.helper is not None]


@pytest.mark.parametrize("callee", HELPED, ids=lambda callee: callee.key)
def test_defaults_agree(callee: Callee) -> None:
    assert callee.helper_function is not None
    own = inspect.signature(callee.helper_function).parameters
    for name, parameter in callee.parameters.items():
        # A parameter that is None by default is left to the helper.
        if parameter.default in (Parameter.empty, None) or name not in own:
            continue
        assert own[name].default is not Parameter.empty, f"{name} has no default"
        assert own[name].default == parameter.default


def test_helpers_have_names_of_their_own() -> None:
    owners: dict[str, object] = {}
    for callee in HELPED:
        helper = callee.helper_function
        assert helper is not None
        assert owners.setdefault(helper.__name__, helper) is helper
