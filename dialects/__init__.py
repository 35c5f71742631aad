"""The languages of Ramiel: dataflow, onnx, task and torch.

This folder is imported as `ramiel.dialects` (a symbolic link in ramiel/), and only so.
"""

if __name__ != "ramiel.dialects":
    raise ImportError(f"import ramiel.dialects, not {__name__!r}")
