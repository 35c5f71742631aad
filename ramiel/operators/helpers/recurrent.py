"""Recurrent networks in the forms that torch.rnn_tanh, torch.gru and torch.lstm do not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F


def activation(name: str, alpha: float | None, beta: float | None) -> Callable[..., torch.Tensor]:
    """An activation of ONNX's RNN operators by name, with its defaults."""
    a = 0.01 if alpha is None else alpha
    match name:
        case "Relu":
            return torch.relu
        case "Tanh":
            return torch.tanh
        case "Sigmoid":
            return torch.sigmoid
        case "Affine":
            return lambda x: (1.0 if alpha is None else alpha) * x + (beta or 0.0)
        case "LeakyRelu":
            return lambda x: F.leaky_relu(x, a)
        case "ThresholdedRelu":
            return lambda x: torch.where(x > (1.0 if alpha is None else alpha), x, 0)
        case "ScaledTanh":
            return lambda x: (1.0 if alpha is None else alpha) * torch.tanh(
                (1.0 if beta is None else beta) * x
            )
        case "HardSigmoid":
            slope = 0.2 if alpha is None else alpha
            return lambda x: (slope * x + (0.5 if beta is None else beta)).clamp(0, 1)
        case "Elu":
            return lambda x: F.elu(x, 1.0 if alpha is None else alpha)
        case "Softsign":
            return F.softsign
        case "Softplus":
            return F.softplus
        case _:
            raise ValueError(f"no activation {name!r}")


def activations(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float]
) -> list[Callable[..., torch.Tensor]]:
    """Activations by name; alphas and betas go to those that take them, in order."""
    with_alpha = ("Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu")
    left_alphas, left_betas = list(alphas), list(betas)
    found: list[Callable[..., torch.Tensor]] = []
    for name in names:
        alpha = left_alphas.pop(0) if left_alphas and name in with_alpha else None
        takes_beta = name in ("Affine", "ScaledTanh", "HardSigmoid")
        beta = left_betas.pop(0) if left_betas and takes_beta else None
        found.append(activation(name, alpha, beta))
    return found


def clipped(x: torch.Tensor, clip: float | None) -> torch.Tensor:
    """x within [-clip, clip]."""
    return x if clip is None else x.clamp(-clip, clip)


def run_directions(
    cell: Callable[[int, torch.Tensor, list[torch.Tensor]], list[torch.Tensor]],
    x: torch.Tensor,
    states: list[torch.Tensor],
    direction: str,
    lengths: torch.Tensor | None,
    layout: int,
) -> list[torch.Tensor]:
    """Run a cell over the steps of x, in one or both directions, up to each sequence's length.

    `cell(direction, step, states)` gives the new states, the first of which is the output.  x is
    (T, N, I) and states (D, N, H), or with N first if `layout` is 1.  Gives Y (T, D, N, H), or
    (N, T, D, H), and the final states.
    """
    if layout:
        x = x.transpose(0, 1)
        states = [state.transpose(0, 1) for state in states]
    outputs: list[torch.Tensor] = []
    finals: list[list[torch.Tensor]] = []
    reverses = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    for number, reverse in enumerate(reverses):
        current = [state[number] for state in states]
        steps: list[torch.Tensor] = []
        times = range(x.shape[0])
        for time in reversed(times) if reverse else times:
            new = cell(number, x[time], current)
            output = new[0]
            if lengths is not None:
                active = (lengths > time)[:, None]
                pairs = zip(new, current, strict=True)
                new = [torch.where(active, after, before) for after, before in pairs]
                output = torch.where(active, output, 0)
            current = new
            steps.append(output)
        empty = current[0].new_empty(0, *current[0].shape)
        outputs.append(torch.stack(steps[::-1] if reverse else steps) if steps else empty)
        finals.append(current)
    y = torch.stack(outputs, dim=1)
    last = [torch.stack(parts) for parts in zip(*finals, strict=True)]
    if layout:
        y = y.permute(2, 0, 1, 3)
        last = [state.transpose(0, 1) for state in last]
    return [y, *last]


def start(
    state: torch.Tensor | None, x: torch.Tensor, weight: torch.Tensor, layout: int
) -> torch.Tensor:
    """The initial state: zeros if it is not given."""
    if state is not None:
        return state
    directions, _, hidden = weight.shape
    batch = x.shape[0] if layout else x.shape[1]
    return x.new_zeros((batch, directions, hidden) if layout else (directions, batch, hidden))


def biases(
    bias: torch.Tensor | None, recurrent: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The biases of inputs and of states, (D, gates·H) each."""
    if bias is None:
        none = recurrent.new_zeros(recurrent.shape[:2])
        return none, none
    first, second = bias.chunk(2, dim=1)
    return first, second


def rnn(
    x: torch.Tensor,
    weight: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    initial_h: torch.Tensor | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
    functions: Sequence[str] = ("Tanh",),
    alphas: Sequence[float] = (),
    betas: Sequence[float] = (),
    clip: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """ONNX RNN: Y and Y_h.  weight (D, H, I), recurrent (D, H, H), bias (D, 2·H)."""
    chosen = activations(functions, alphas, betas)
    bias_x, bias_h = biases(bias, recurrent)

    def cell(d: int, step: torch.Tensor, states: list[torch.Tensor]) -> list[torch.Tensor]:
        total = F.linear(step, weight[d], bias_x[d]) + F.linear(states[0], recurrent[d], bias_h[d])
        return [chosen[d](clipped(total, clip))]

    h = start(initial_h, x, recurrent, layout)
    y, y_h = run_directions(cell, x, [h], direction, lengths, layout)
    return y, y_h


def gru(
    x: torch.Tensor,
    weight: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    initial_h: torch.Tensor | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
    functions: Sequence[str] = ("Sigmoid", "Tanh"),
    alphas: Sequence[float] = (),
    betas: Sequence[float] = (),
    clip: float | None = None,
    linear_before_reset: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """ONNX GRU: Y and Y_h.  weight (D, 3·H, I), recurrent (D, 3·H, H), bias (D, 6·H), gates z, r, h.

    The reset gate acts on the state, or with `linear_before_reset` on its linear image.
    """
    chosen = activations(functions, alphas, betas)
    bias_x, bias_h = biases(bias, recurrent)

    def cell(d: int, step: torch.Tensor, states: list[torch.Tensor]) -> list[torch.Tensor]:
        gate, candidate = chosen[2 * d : 2 * d + 2]
        h = states[0]
        x_z, x_r, x_h = F.linear(step, weight[d], bias_x[d]).chunk(3, dim=-1)
        w_z, w_r, w_h = recurrent[d].chunk(3)
        b_z, b_r, b_h = bias_h[d].chunk(3)
        z = gate(clipped(x_z + F.linear(h, w_z, b_z), clip))
        r = gate(clipped(x_r + F.linear(h, w_r, b_r), clip))
        if linear_before_reset:
            inner = r * F.linear(h, w_h, b_h)
        else:
            inner = F.linear(r * h, w_h, b_h)
        return [(1 - z) * candidate(clipped(x_h + inner, clip)) + z * h]

    h = start(initial_h, x, recurrent, layout)
    y, y_h = run_directions(cell, x, [h], direction, lengths, layout)
    return y, y_h


def lstm(
    x: torch.Tensor,
    weight: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    initial_h: torch.Tensor | None = None,
    initial_c: torch.Tensor | None = None,
    peepholes: torch.Tensor | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
    functions: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    alphas: Sequence[float] = (),
    betas: Sequence[float] = (),
    clip: float | None = None,
    input_forget: bool = False,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX LSTM: Y, Y_h and Y_c.  weight (D, 4·H, I), recurrent (D, 4·H, H), bias (D, 8·H) with
    gates i, o, f, c; peepholes (D, 3·H) of i, o, f."""
    chosen = activations(functions, alphas, betas)
    bias_x, bias_h = biases(bias, recurrent)
    if peepholes is None:
        peepholes = weight.new_zeros(weight.shape[0], 3 * recurrent.shape[2])
    looks = peepholes

    def cell(d: int, step: torch.Tensor, states: list[torch.Tensor]) -> list[torch.Tensor]:
        gate, candidate, hidden = chosen[3 * d : 3 * d + 3]
        h, c = states
        p_i, p_o, p_f = looks[d].chunk(3)
        total = F.linear(step, weight[d], bias_x[d]) + F.linear(h, recurrent[d], bias_h[d])
        i, o, f, g = total.chunk(4, dim=-1)
        i = gate(clipped(i + p_i * c, clip))
        f = 1 - i if input_forget else gate(clipped(f + p_f * c, clip))
        new_c = f * c + i * candidate(clipped(g, clip))
        o = gate(clipped(o + p_o * new_c, clip))
        return [o * hidden(new_c), new_c]

    h = start(initial_h, x, recurrent, layout)
    c = start(initial_c, x, recurrent, layout)
    y, y_h, y_c = run_directions(cell, x, [h, c], direction, lengths, layout)
    return y, y_h, y_c
