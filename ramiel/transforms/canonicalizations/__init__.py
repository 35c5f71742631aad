"""Patterns that make a graph of onnx operations simpler, by what they are about."""
