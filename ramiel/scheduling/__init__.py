"""Scheduling of task graphs: plain algorithms on ints and lists; no xDSL, no torch, no onnx."""
