"""Ramiel compiles ONNX models to readable, parallel PyTorch."""
