"""`make test-big`: compiles a model of 3 GB within 1.5 times its weights and 500 MB of memory.

python tests/models/big.py [--gigabytes 3]

The weights lie in one file of external data beside the model, as every model over 2 GB has them.
The package is then compared with ONNX Runtime.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, TensorProto, helper

WIDTH = 4096
VOCABULARY = 65_536
CHANNELS = 64
ALLOWED_FACTOR = 1.5
ALLOWED_REST = 500e6
"""Bytes beside the weights: Python, PyTorch, ONNX and the compiler itself."""
COMPILE = """
import atexit, re, sys
from pathlib import Path
from ramiel.tools.cli import main
status = Path("/proc/self/status")
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]))
main(sys.argv[1:])
"""
COMPARE = """
import sys
from pathlib import Path
import numpy as np, onnxruntime, torch
sys.path.insert(0, str(Path(sys.argv[2]).parent))
from big_package import Model
ids = np.array([[3, 1, 4, 1, 5]])
picture = np.random.default_rng(0).normal(size=(1, 3, 32, 32)).astype(np.float32)
[expected] = onnxruntime.InferenceSession(sys.argv[1]).run(None, {"ids": ids, "picture": picture})
with Model.load() as model:
    actual = model(torch.from_numpy(ids), torch.from_numpy(picture)).numpy()
error = np.abs(actual - expected).max() / np.abs(expected).max()
print(f"relative difference from ONNX Runtime {error:.1e}, varies by {expected.std():.1e}")
sys.exit(not (error < 1e-4 and expected.std() > 1e-3))
"""


class ExternalData:
    """Tensors appended to one file, so that they are never in memory together."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.random = np.random.default_rng(0)
        self.tensors: list[TensorProto] = []
        file.write_bytes(b"")

    def add(self, name: str, *shape: int, scale: float) -> str:
        """Append normally distributed float32 numbers; returns the name."""
        values = self.random.standard_normal(shape, dtype=np.float32) * np.float32(scale)
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        place = {"location": self.file.name, "offset": self.size, "length": values.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        with self.file.open("ab") as stream:
            values.tofile(stream)
        self.tensors.append(tensor)
        return name

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.file.stat().st_size


def big_graph(data: ExternalData, total: float) -> GraphProto:
    """An embedding, two towers of Gemm and MatMul until `total` bytes, and a Conv with its BN."""
    table = data.add("table", VOCABULARY, WIDTH, scale=1.0)
    nodes = [helper.make_node("Gather", [table, "ids"], ["e"])]
    nodes.append(helper.make_node("Reshape", ["e", "flat"], ["x0"]))
    nodes.append(helper.make_node("Identity", ["x0"], ["y0"]))
    layer = 0
    while data.size < total:
        weight = data.add(f"linear{layer}.weight", WIDTH, WIDTH, scale=WIDTH**-0.5)
        bias = data.add(f"linear{layer}.bias", WIDTH, scale=0.1)
        nodes.append(helper.make_node("Gemm", [f"x{layer}", weight, bias], [f"g{layer}"], transB=1))
        nodes.append(helper.make_node("Tanh", [f"g{layer}"], [f"x{layer + 1}"]))
        weight = data.add(f"matmul{layer}.weight", WIDTH, WIDTH, scale=WIDTH**-0.5)
        nodes.append(helper.make_node("MatMul", [f"y{layer}", weight], [f"m{layer}"]))
        nodes.append(helper.make_node("Tanh", [f"m{layer}"], [f"y{layer + 1}"]))
        layer += 1
    kernel = data.add("conv.weight", CHANNELS, 3, 3, 3, scale=0.2)
    norm = [data.add(f"norm.{part}", CHANNELS, scale=0.1) for part in ("scale", "bias", "mean")]
    nodes += [
        helper.make_node("Conv", ["picture", kernel], ["c"]),
        helper.make_node("BatchNormalization", ["c", *norm, "variance"], ["n"]),
        helper.make_node("ReduceMean", ["n"], ["mean"], keepdims=0),
        helper.make_node("Add", [f"x{layer}", f"y{layer}"], ["towers"]),
        helper.make_node("Add", ["towers", "mean"], ["result"]),
    ]
    small = [
        helper.make_tensor("flat", TensorProto.INT64, [2], [-1, WIDTH]),
        helper.make_tensor("variance", TensorProto.FLOAT, [CHANNELS], [1.0] * CHANNELS),
    ]
    return helper.make_graph(
        nodes,
        "big",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, [1, 5]),
            helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 32, 32]),
        ],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, [5, WIDTH])],
        [*small, *data.tensors],
    )


def compile_measured(file: Path, package: Path) -> int:
    """Compile in a fresh process with the default options; returns the bytes it had at most.

    The kernel's own figure of that process: what a parent learns of its children's use begins with
    its own, since they are forked from it.
    """
    options = ["compile", str(file), "-o", str(package), "--workers", "2"]
    found = subprocess.run(
        [sys.executable, "-c", COMPILE, *options], check=True, stdout=subprocess.PIPE, text=True
    )
    *said, peak = found.stdout.splitlines()
    print(*said, sep="\n")
    return int(peak) * 1024


def main() -> int:
    """Make the model, compile it, compare it; 1 if it needs too much memory or is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=3.0)
    gigabytes: float = parser.parse_args().gigabytes
    with tempfile.TemporaryDirectory(prefix="ramiel-big-") as folder:
        file, package = Path(folder) / "big.onnx", Path(folder) / "big_package"
        data = ExternalData(Path(folder) / "big.data")
        graph = big_graph(data, gigabytes * 1e9)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), file)
        peak = compile_measured(file, package)
        allowed = ALLOWED_FACTOR * data.size + ALLOWED_REST
        print(f"weights {data.size / 1e9:.2f} GB, compiled in {peak / 1e9:.2f} GB", end="")
        print(f" (allowed {allowed / 1e9:.2f})")
        compared = subprocess.run([sys.executable, "-c", COMPARE, str(file), str(package)])
        return int(peak > allowed or compared.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
