"""Operators of ONNX Runtime: the domain com.microsoft, and what it adds to ai.onnx."""
