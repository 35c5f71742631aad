"""From .onnx to the dataflow dialect."""
