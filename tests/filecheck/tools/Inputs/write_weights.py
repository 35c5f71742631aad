"""Write float32 vectors to a .safetensors file: `write_weights.py FILE NAME=LENGTH …`."""

import sys

import numpy as np
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

pairs = [argument.split("=") for argument in sys.argv[2:]]
save_file({name: np.arange(int(length), dtype=np.float32) for name, length in pairs}, sys.argv[1])
