// RUN: ramiel-opt --pack-weights %s | filecheck %s

// The layout of a linear layer's weight depends on how many rows it multiplies.

dataflow.graph @linear(%x : tensor<2x128x256xf32>) -> (tensor<2x128x512xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "fc.weight" : tensor<512x256xf32>
  %y = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<2x128x256xf32>, tensor<512x256xf32>) -> tensor<2x128x512xf32>
  dataflow.output %y : tensor<2x128x512xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.pack_linear"(%w) {rows = 256}
// CHECK-NEXT: torch.call "operators.linear"(%x, %w_1) :
