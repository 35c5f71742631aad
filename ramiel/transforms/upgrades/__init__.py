"""Older forms of ONNX operators in terms of the newest, one kind of change per file."""
