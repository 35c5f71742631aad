"""What each ONNX operator means in PyTorch: one family per file, one place per operator."""
