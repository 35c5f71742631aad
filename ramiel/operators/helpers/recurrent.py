"""Recurrent networks in the forms that torch.rnn_tanh, torch.gru and torch.lstm do not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

ALPHAS = {
    "Affine": 1.0,
    "LeakyRelu": 0.01,
    "ThresholdedRelu": 1.0,
    "ScaledTanh": 1.0,
    "HardSigmoid": 0.2,
    "Elu": 1.0,
}
BETAS = {"Affine": 0.0, "ScaledTanh": 1.0, "HardSigmoid": 0.5}


def activate(x: torch.Tensor, activation: tuple[str, float, float]) -> torch.Tensor:
    """An activation of ONNX's RNN operators: its name, alpha and beta."""
    name, alpha, beta = activation
    match name:
        case "Relu":
            return torch.relu(x)
        case "Tanh":
            return torch.tanh(x)
        case "Sigmoid":
            return torch.sigmoid(x)
        case "Affine":
            return alpha * x + beta
        case "LeakyRelu":
            return F.leaky_relu(x, alpha)
        case "ThresholdedRelu":
            return torch.where(x >= alpha, x, 0)
        case "ScaledTanh":
            return alpha * torch.tanh(beta * x)
        case "HardSigmoid":
            return (alpha * x + beta).clamp(0, 1)
        case "Elu":
            return F.elu(x, alpha)
        case "Softsign":
            return F.softsign(x)
        case "Softplus":
            return F.softplus(x)
        case _:
            raise ValueError(f"no activation {name!r}")


def activations(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float]
) -> list[tuple[str, float, float]]:
    """Activations with alphas and betas, which go to those that take them, in order."""
    left_alphas, left_betas = list(alphas), list(betas)
    found: list[tuple[str, float, float]] = []
    for name in names:
        alpha, beta = ALPHAS.get(name, 0.0), BETAS.get(name, 0.0)
        if name in ALPHAS and left_alphas:
            alpha = left_alphas.pop(0)
        if name in BETAS and left_betas:
            beta = left_betas.pop(0)
        found.append((name, alpha, beta))
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
    reverses = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[
        direction
    ]
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
        outputs.append(
            torch.stack(steps[::-1] if reverse else steps) if steps else empty
        )
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
    return x.new_zeros(
        (batch, directions, hidden) if layout else (directions, batch, hidden)
    )


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

    def cell(
        d: int, step: torch.Tensor, states: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        total = F.linear(step, weight[d], bias_x[d]) + F.linear(
            states[0], recurrent[d], bias_h[d]
        )
        return [activate(clipped(total, clip), chosen[d])]

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
    """ONNX GRU: Y and Y_h.  weight (D, 3·H, I), recurrent (D, 3·H, H), bias (D, 6·H).

    The gates are z, r, h.  The reset gate acts on the state, or with `linear_before_reset` on its
    linear image.
    """
    chosen = activations(functions, alphas, betas)
    bias_x, bias_h = biases(bias, recurrent)

    def cell(
        d: int, step: torch.Tensor, states: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        gate, candidate = chosen[2 * d : 2 * d + 2]
        h = states[0]
        x_z, x_r, x_h = F.linear(step, weight[d], bias_x[d]).chunk(3, dim=-1)
        w_z, w_r, w_h = recurrent[d].chunk(3)
        b_z, b_r, b_h = bias_h[d].chunk(3)
        z = activate(clipped(x_z + F.linear(h, w_z, b_z), clip), gate)
        r = activate(clipped(x_r + F.linear(h, w_r, b_r), clip), gate)
        inner = (
            r * F.linear(h, w_h, b_h)
            if linear_before_reset
            else F.linear(r * h, w_h, b_h)
        )
        return [(1 - z) * activate(clipped(x_h + inner, clip), candidate) + z * h]

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

    def cell(
        d: int, step: torch.Tensor, states: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        gate, candidate, hidden = chosen[3 * d : 3 * d + 3]
        h, c = states
        p_i, p_o, p_f = looks[d].chunk(3)
        total = F.linear(step, weight[d], bias_x[d]) + F.linear(
            h, recurrent[d], bias_h[d]
        )
        i, o, f, g = total.chunk(4, dim=-1)
        i = activate(clipped(i + p_i * c, clip), gate)
        f = 1 - i if input_forget else activate(clipped(f + p_f * c, clip), gate)
        new_c = f * c + i * activate(clipped(g, clip), candidate)
        o = activate(clipped(o + p_o * new_c, clip), gate)
        return [o * activate(new_c, hidden), new_c]

    h = start(initial_h, x, recurrent, layout)
    c = start(initial_c, x, recurrent, layout)
    y, y_h, y_c = run_directions(cell, x, [h, c], direction, lengths, layout)
    return y, y_h, y_c
