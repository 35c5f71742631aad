// RUN: ramiel-opt --split-input-file --verify-diagnostics %s | filecheck %s

// torch.prepare is a call on weights alone, run once, when the model is loaded.

dataflow.graph @prepare(%x : tensor<1x8x4x4xf32>) -> (tensor<1x8x4x4xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "conv.weight" : tensor<8x8x1x1xf32>
  %p = torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 8, 4, 4]} : (tensor<8x8x1x1xf32>) -> tensor<8x8x1x1xf32>
  %y = torch.call "operators.conv2d"(%x, %p) : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32>
  dataflow.output %y : tensor<1x8x4x4xf32>
}

// CHECK: torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 8, 4, 4]} : (tensor<8x8x1x1xf32>) -> tensor<8x8x1x1xf32>

// -----

dataflow.graph @prepare(%x : tensor<8x8x1x1xf32>) -> (tensor<8x8x1x1xf32>) {
  // CHECK: torch.prepare takes weights, and nothing else
  %p = torch.prepare "operators.pack_conv2d"(%x) {input_shape = [1, 8, 4, 4]} : (tensor<8x8x1x1xf32>) -> tensor<8x8x1x1xf32>
  dataflow.output %p : tensor<8x8x1x1xf32>
}
