"""Recurrent networks: RNN, GRU and LSTM.

With weights known when compiling they become torch.rnn_tanh, torch.gru and torch.lstm, whose
gates stand in another order, wherever those compute the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning


def recurrent_flops(op: CallOp) -> int:
    """Each step multiplies the input and the state by the weights."""
    dims = tensors.dims_of(op.operands[0].type) or []
    steps = 1
    for dim in dims[:2]:
        steps *= dim if isinstance(dim, int) else 1
    weights = sum(
        known_elements(value)
        for value in op.operands[1:]
        if len(tensors.dims_of(value.type) or []) in (2, 3)
    )
    return 2 * steps * weights


_TORCH = (
    "has_biases={has_biases}, num_layers=1, dropout=0.0, train=False, "
    "bidirectional={bidirectional}, batch_first={batch_first})"
)
_FLAGS = "has_biases=True, bidirectional=False, batch_first=False"
for _name in ("rnn_tanh", "rnn_relu", "gru"):
    callee(
        f"torch.{_name}",
        f"input, hx, *params, {_FLAGS}",
        f"torch.{_name}({{input}}, {{hx}}, [{{*params}}], {_TORCH}",
        flops=recurrent_flops,
    )
callee(
    "torch.lstm",
    f"input, hx, cx, *params, {_FLAGS}",
    f"torch.lstm({{input}}, ({{hx}}, {{cx}}), [{{*params}}], {_TORCH}",
    flops=recurrent_flops,
)
callee("Tensor.new_zeros", "input, *size")
callee(
    "initial_state",
    "input, directions, batch_axis, hidden",
    "{input}.new_zeros({directions}, {input}.shape[{batch_axis}], {hidden})",
)
_COMMON = (
    "x, weight, recurrent, bias=None, lengths=None, initial_h=None, {}*, direction='forward', "
    "layout=0, functions={}, alphas=(), betas=(), clip=None"
)
callee(
    "operators.rnn",
    _COMMON.format("", "('Tanh',)"),
    flops=recurrent_flops,
    helper="recurrent.rnn",
)
callee(
    "operators.gru",
    _COMMON.format("", "('Sigmoid', 'Tanh')") + ", linear_before_reset=False",
    flops=recurrent_flops,
    helper="recurrent.gru",
)
callee(
    "operators.lstm",
    _COMMON.format("initial_c=None, peepholes=None, ", "('Sigmoid', 'Tanh', 'Tanh')")
    + ", input_forget=False",
    flops=recurrent_flops,
    helper="recurrent.lstm",
)

_DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
_GATE_ORDER = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 2, 3, 1]}
"""Where ONNX has each of PyTorch's gates: r, z, n of z, r, h; and i, f, g, o of i, o, f, c."""
_KNOWN_ACTIVATIONS = {
    "relu": "Relu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "affine": "Affine",
    "leakyrelu": "LeakyRelu",
    "thresholdedrelu": "ThresholdedRelu",
    "scaledtanh": "ScaledTanh",
    "hardsigmoid": "HardSigmoid",
    "elu": "Elu",
    "softsign": "Softsign",
    "softplus": "Softplus",
}


def _functions(op: OnnxOperation, emit: Emitter, directions: int) -> list[str]:
    # The default in RNN's schema is for two directions.
    given = op.attribute("activations") if "activations" in op.properties else None
    if given is None:
        return _DEFAULTS[op.operator] * directions
    names = [str(name).lower() for name in given] if isinstance(given, list) else []
    if len(names) != directions * len(_DEFAULTS[op.operator]):
        emit.refuse(f"has {len(names)} activations for {directions} directions")
    if any(name not in _KNOWN_ACTIVATIONS for name in names):
        emit.refuse(f"has an activation that is not known among {given}")
    return [_KNOWN_ACTIVATIONS[name] for name in names]


def _numbers(op: OnnxOperation, name: str) -> list[float]:
    value = op.attribute(name)
    return (
        [float(x) for x in value if isinstance(x, int | float)] if isinstance(value, list) else []
    )


def _layout(op: OnnxOperation) -> int:
    return op.integer("layout") if "layout" in op.SCHEMA.attributes else 0


def _has_full_lengths(op: OnnxOperation, emit: Emitter) -> bool:
    """Whether every sequence is as long as the input: absent lengths say so."""
    lengths = op.optional_input(4)
    if lengths is None:
        return True
    known = emit.constant(lengths)
    size = (tensors.dims_of(op.input(0).type) or [""] * 2)[1 if _layout(op) else 0]
    return known is not None and isinstance(size, int) and bool((known == size).all())


def _torch_function(op: OnnxOperation, emit: Emitter, functions: list[str]) -> str | None:
    """The function of torch that computes this, None if none does."""
    known = [emit.constant(op.optional_input(index)) for index in (1, 2, 3)]
    if known[0] is None or known[1] is None or (op.optional_input(3) and known[2] is None):
        return None
    if op.attribute("clip") is not None or not _has_full_lengths(op, emit):
        return None
    if emit.dtype(op.input(0)).name not in ("float32", "float64"):
        return None
    directions = known[0].shape[0]
    match op.operator:
        case "RNN":
            if len(set(functions)) == 1 and functions[0] in ("Tanh", "Relu"):
                return f"torch.rnn_{functions[0].lower()}"
            return None
        case "GRU":
            linear = "linear_before_reset" in op.SCHEMA.attributes
            reset = linear and bool(op.integer("linear_before_reset"))
            plain = functions == _DEFAULTS["GRU"] * directions
            return "torch.gru" if reset and plain else None
        case _:
            peepholes = op.optional_input(7)
            zeros = None if peepholes is None else emit.constant(peepholes)
            looks = peepholes is not None and (zeros is None or bool(zeros.any()))
            plain = functions == _DEFAULTS["LSTM"] * directions and not op.integer("input_forget")
            return "torch.lstm" if plain and not looks else None


def _parameters(op: OnnxOperation, emit: Emitter) -> list[SSAValue]:
    """The weights in torch's order: for each direction weight_ih, weight_hh, bias_ih, bias_hh."""
    order = _GATE_ORDER[op.operator]
    weight, recurrent, bias = (emit.constant(op.optional_input(index)) for index in (1, 2, 3))
    assert weight is not None and recurrent is not None
    parameters: list[SSAValue] = []
    for direction in range(weight.shape[0]):
        arrays = [("weight_ih", weight[direction]), ("weight_hh", recurrent[direction])]
        if bias is not None:
            halves = np.split(bias[direction], 2)
            arrays += list(zip(("bias_ih", "bias_hh"), halves, strict=True))
        for hint, array in arrays:
            gates = np.split(array, len(order))
            suffix = "_reverse" if direction else ""
            ordered = np.concatenate([gates[gate] for gate in order])
            parameters.append(emit.tensor(ordered, hint + suffix))
    return parameters


def _initial(op: OnnxOperation, emit: Emitter, index: int, directions: int) -> SSAValue:
    """The initial state as torch has it, (D, N, H): zeros if it is not given."""
    x, layout, state = op.input(0), _layout(op), op.optional_input(index)
    if state is not None:
        return emit("Tensor.transpose", state, dim0=0, dim1=1) if layout else state
    hidden = (tensors.dims_of(op.input(2).type) or [])[2]
    axis = 0 if layout else 1
    batch = (tensors.dims_of(x.type) or [""] * 3)[axis]
    if isinstance(batch, int):
        return emit("Tensor.new_zeros", x, size=[directions, batch, hidden])
    return emit("initial_state", x, directions=directions, batch_axis=axis, hidden=hidden)


def _is_used(op: OnnxOperation, index: int) -> bool:
    outputs = op.outputs
    value = outputs[index] if index < len(outputs) else None
    return value is not None and bool(value.uses)


def _by_torch(op: OnnxOperation, emit: Emitter, key: str, direction: str) -> Values:
    layout, directions = _layout(op), 2 if direction == "bidirectional" else 1
    x = op.input(0)
    time = 1 if layout else 0
    states = [_initial(op, emit, 5, directions)]
    if op.operator == "LSTM":
        states.append(_initial(op, emit, 6, directions))
    if direction == "reverse":
        x = emit("Tensor.flip", x, dims=[time])
    output, *finals = emit.many(
        key,
        x,
        *states,
        *_parameters(op, emit),
        count=1 + len(states),
        has_biases=op.optional_input(3) is not None,
        bidirectional=directions == 2,
        batch_first=bool(layout),
    )
    y = None
    if _is_used(op, 0):
        if direction == "reverse":
            output = emit("Tensor.flip", output, dims=[time])
        if directions == 1:
            y = emit("Tensor.unsqueeze", output, dim=2 if layout else 1)
        else:
            y = emit("Tensor.unflatten", output, dim=2, sizes=[2, -1])
            y = y if layout else emit("Tensor.transpose", y, dim0=1, dim1=2)
    last: list[SSAValue | None] = []
    for number, state in enumerate(finals):
        used = _is_used(op, 1 + number)
        moved = emit("Tensor.transpose", state, dim0=0, dim1=1) if layout and used else state
        last.append(moved if used else None)
    return [y, *last]


@meaning("RNN", "GRU", "LSTM")
def recurrent(op: OnnxOperation, emit: Emitter) -> Values:
    """A recurrent layer: the outputs of all steps (T, D, N, H) and the final states (D, N, H)."""
    direction = op.text("direction", "forward")
    if direction not in ("forward", "reverse", "bidirectional"):
        emit.refuse(f"has the unknown direction {direction!r}")
    directions = 2 if direction == "bidirectional" else 1
    functions = _functions(op, emit, directions)
    key = _torch_function(op, emit, functions)
    if key is not None:
        return _by_torch(op, emit, key, direction)
    arguments: dict[str, Any] = {
        "bias": op.optional_input(3),
        "lengths": None if _has_full_lengths(op, emit) else op.optional_input(4),
        "initial_h": op.optional_input(5),
        "direction": direction,
        "layout": _layout(op),
        "functions": functions,
        "alphas": _numbers(op, "activation_alpha"),
        "betas": _numbers(op, "activation_beta"),
        "clip": op.attribute("clip"),
    }
    if op.operator == "LSTM":
        arguments["initial_c"] = op.optional_input(6)
        arguments["peepholes"] = op.optional_input(7)
        arguments["input_forget"] = bool(op.integer("input_forget"))
    if op.operator == "GRU" and "linear_before_reset" in op.SCHEMA.attributes:
        arguments["linear_before_reset"] = bool(op.integer("linear_before_reset"))
    operands = op.input(0), op.input(1), op.input(2)
    name = f"operators.{op.operator.lower()}"
    return emit.many(name, *operands, count=3 if op.operator == "LSTM" else 2, **arguments)
