"""Plain graph algorithms on integers and lists: no xDSL, no torch, no onnx."""
