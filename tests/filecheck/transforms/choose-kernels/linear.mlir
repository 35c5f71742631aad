// RUN: ramiel-opt -p pack-weights,choose-kernels,dce %s | filecheck %s

// A linear layer is a product of matrices in machine code, in whatever layout pictures are.  Of fewer
// than four rows oneDNN has the product: it is memory that takes the time.

dataflow.graph @linear(%x : tensor<8x64xf32>, %one : tensor<1x64xf32>) -> (tensor<8x32xf32>, tensor<1x32xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<32x64xf32>
  %y = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<8x64xf32>, tensor<32x64xf32>) -> tensor<8x32xf32>
  %z = torch.call "torch.nn.functional.linear"(%one, %w) : (tensor<1x64xf32>, tensor<32x64xf32>) -> tensor<1x32xf32>
  dataflow.output %y, %z : tensor<8x32xf32>, tensor<1x32xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.linear_product"(%w) {rows = 8}
// CHECK-NEXT: %y = torch.call "operators.linear"(%x, %w_1)
// CHECK-NEXT: %w_2 = torch.prepare "operators.linear_primitive"(%w) {rows = 1}
// CHECK-NEXT: %z = torch.call "operators.linear"(%one, %w_2)
