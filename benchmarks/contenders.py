"""The process of one contender: loads a model, says what it computes, and times calls.

python -m benchmarks.contenders CONTENDER MODEL.onnx THREADS INPUTS OUTPUTS [PACKAGE]

It answers each line on standard input, a number of calls, with a line of their seconds in JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Arrays: TypeAlias = "Mapping[str, np.ndarray[Any, Any]]"
"""By name, in the order of the model's inputs."""
Run: TypeAlias = "Callable[[], list[np.ndarray[Any, Any]]]"
MODELS = Path(__file__).parents[1] / "tests" / "models"


def _network(model: Path, threads: int) -> Any:
    """The network that the model was exported from."""
    import torch

    torch.set_num_threads(threads)
    sys.path.insert(0, str(MODELS))
    architectures: Any = importlib.import_module("architectures")
    torch.manual_seed(0)
    example = architectures.ARCHITECTURES[model.stem]()
    return example.network.eval()


def _of_tensors(call: Callable[..., Any], tensors: list[Any]) -> Run:
    def run() -> list[np.ndarray[Any, Any]]:
        found = call(*tensors)
        items = [found] if hasattr(found, "numpy") else list(found)
        return [item.numpy() for item in items]

    return run


def pytorch(model: Path, threads: int, inputs: Arrays, package: str) -> Run:
    """The network as it is."""
    import torch

    network = _network(model, threads)
    return _of_tensors(network, [torch.from_numpy(array) for array in inputs.values()])


def compiled(model: Path, threads: int, inputs: Arrays, package: str) -> Run:
    """torch.compile in its default mode, parameters frozen."""
    import torch

    inductor: Any = importlib.import_module("torch._inductor.config")
    inductor.freezing = True
    network = _network(model, threads)
    tensors = [torch.from_numpy(array) for array in inputs.values()]
    return _of_tensors(torch.compile(network), tensors)


def onnxruntime(model: Path, threads: int, inputs: Arrays, package: str) -> Run:
    """ONNX Runtime with all its optimizations."""
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, dict(inputs))


def openvino(model: Path, threads: int, inputs: Arrays, package: str) -> Run:
    """OpenVINO, told to care for latency and to compute in float32."""
    vino: Any = importlib.import_module("openvino")
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = vino.Core().compile_model(str(model), "CPU", settings).create_infer_request()
    return lambda: list(request.infer(dict(inputs), share_outputs=True).values())


def ramiel(model: Path, threads: int, inputs: Arrays, package: str) -> Run:
    """The package that `ramiel compile` wrote."""
    import torch

    from ramiel.loading import import_package

    torch.set_num_threads(threads)  # of the calling thread, as it is by default
    loaded = import_package(Path(package)).Model.load()
    tensors = [torch.from_numpy(inputs[item.name]) for item in loaded.inputs]
    return _of_tensors(loaded, tensors)


CONTENDERS = {
    "PyTorch": pytorch,
    "torch.compile": compiled,
    "ONNX Runtime": onnxruntime,
    "OpenVINO": openvino,
    "Ramiel": ramiel,
}


def resident() -> int:
    """The bytes that this process has in memory."""
    return _status("VmRSS")


def most_resident() -> int:
    """The most bytes that this process has had: ru_maxrss would begin at its parent's."""
    return _status("VmHWM")


def restart_most_resident() -> None:
    """Let `most_resident` begin anew, at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def main(name: str, model: str, threads: str, inputs: str, outputs: str, package: str = "") -> None:
    """Load, write the outputs, then time rounds until the input ends."""
    import torch

    arrays = dict(np.load(inputs))
    started = time.perf_counter()
    with torch.inference_mode():
        run = CONTENDERS[name](Path(model), int(threads), arrays, package)
        np.savez(outputs, *[np.asarray(item) for item in run()])
        ready = time.perf_counter() - started
        print(json.dumps([ready]), flush=True)
        for line in sys.stdin:
            times: list[float] = []
            for _ in range(int(line)):
                begun = time.perf_counter()
                run()
                times.append(time.perf_counter() - begun)
            print(json.dumps([*times, most_resident()]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
