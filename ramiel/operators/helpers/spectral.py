"""Fourier transforms as ONNX defines them: complex numbers are pairs in the last dimension."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F


def dft(
    x: torch.Tensor,
    length: int | torch.Tensor | None = None,
    axis: int | torch.Tensor = -2,
    inverse: bool = False,
    onesided: bool = False,
) -> torch.Tensor:
    """The discrete Fourier transform along an axis of x, [..., 1] real or [..., 2] complex.

    The result is [..., 2].  One-sided: of n frequencies the first n // 2 + 1, and the inverse
    takes these back to a real signal, [..., 1].  Computed in float32 at least (ONNX DFT-20).
    """
    count = None if length is None else int(length)
    dim = int(axis) % x.ndim
    wide = x if x.dtype == torch.float64 else x.float()
    signal = (
        wide[..., 0] if x.shape[-1] == 1 else torch.view_as_complex(wide.contiguous())
    )
    fourier: Any = torch.fft
    if inverse and onesided:
        real: torch.Tensor = fourier.irfft(signal, count, dim)
        return real.unsqueeze(-1).to(x.dtype)
    transform = fourier.ifft if inverse else fourier.fft
    spectrum: torch.Tensor = transform(signal, count, dim)
    if onesided:
        spectrum = spectrum.narrow(dim, 0, spectrum.shape[dim] // 2 + 1)
    return torch.view_as_real(spectrum.resolve_conj()).to(x.dtype)


def stft(
    signal: torch.Tensor,
    frame_step: int | torch.Tensor,
    window: torch.Tensor | None = None,
    frame_length: int | torch.Tensor | None = None,
    onesided: bool = True,
) -> torch.Tensor:
    """The Fourier transforms of frames of a signal [batch, time, 1 or 2] under a window.

    Returns [batch, frames, frequencies, 2].  Frames are as long as the window, transforms as
    `frame_length` (ONNX STFT-17).
    """
    step, time = int(frame_step), signal.shape[1]
    default = time if window is None else window.shape[0]
    length = default if frame_length is None else int(frame_length)
    size = length if window is None else window.shape[0]
    count = 1 + (time - length) // step
    padded = F.pad(signal, (0, 0, 0, max((count - 1) * step + size - time, 0)))
    frames = padded.unfold(1, size, step)[:, :count].transpose(2, 3)
    if window is not None:
        frames = frames * window[:, None]
    return dft(frames, length, 2, onesided=onesided)


def mel_weight_matrix(
    bins: int | torch.Tensor,
    dft_length: int | torch.Tensor,
    sample_rate: int | torch.Tensor,
    lower: float | torch.Tensor,
    upper: float | torch.Tensor,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Triangles that spread a spectrum of dft_length // 2 + 1 frequencies over `bins` mel bands.

    Their edges, from `lower` to `upper` hertz, are evenly spaced in mels and rounded down to a
    frequency of the spectrum (ONNX MelWeightMatrix-17).
    """
    count, length = int(bins), int(dft_length)
    edges = torch.tensor([float(lower), float(upper)])
    low, high = (2595 * torch.log1p(edges / 700)).double() / math.log(10)
    mels = torch.arange(count + 2) * ((high - low) / (count + 2)) + low
    hertz = 700 * torch.expm1(mels / 2595 * math.log(10))
    points = ((length + 1) * hertz).floor_divide(int(sample_rate)).long()
    left, center, right = points[:-2], points[1:-1], points[2:]
    row = torch.arange(length // 2 + 1)[:, None]
    rising = (row - left) / (center - left).clamp(min=1).double()
    falling = (right - row) / (right - center).clamp(min=1).double()
    weights = torch.where(row < center, rising, falling)
    inside = (row >= left) & (row < right)
    return torch.where(row == center, 1.0, torch.where(inside, weights, 0.0)).to(dtype)
