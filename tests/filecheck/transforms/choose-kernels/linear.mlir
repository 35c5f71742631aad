// RUN: ramiel-opt -p pack-weights,choose-kernels,dce %s | filecheck %s

// A linear layer is a primitive of oneDNN too, in whatever layout pictures are.

dataflow.graph @linear(%x : tensor<8x64xf32>) -> (tensor<8x32xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<32x64xf32>
  %y = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<8x64xf32>, tensor<32x64xf32>) -> tensor<8x32xf32>
  dataflow.output %y : tensor<8x32xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.linear_primitive"(%w) {rows = 8}
// CHECK-NEXT: %y = torch.call "operators.linear"(%x, %w_1)
