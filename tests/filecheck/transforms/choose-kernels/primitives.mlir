// RUN: ramiel-opt -p pack-weights,channels-last,choose-kernels,dce %s | filecheck %s

// A convolution is a primitive of oneDNN that is called directly, which starts sooner than PyTorch's
// operator.  One of 1x1, and one with a filter for each channel, is in machine code;
// `choose-kernels{measure=true}` measures them against the others.

dataflow.graph @convolutions(%x : tensor<1x64x28x28xf32>) -> (tensor<1x64x28x28xf32>, tensor<1x64x14x14xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "pointwise" : tensor<64x64x1x1xf32>
  %v = dataflow.weight "depthwise" : tensor<64x1x3x3xf32>
  %y = torch.call "torch.nn.functional.conv2d"(%x, %w) : (tensor<1x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x28x28xf32>
  %z = torch.call "torch.nn.functional.conv2d"(%x, %v) {stride = 2, padding = 1, groups = 64} : (tensor<1x64x28x28xf32>, tensor<64x1x3x3xf32>) -> tensor<1x64x14x14xf32>
  dataflow.output %y, %z : tensor<1x64x28x28xf32>, tensor<1x64x14x14xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.conv2d_product"(%w) {input_shape = [1, 64, 28, 28]}
// CHECK-NEXT: %y = torch.call "operators.conv2d"(%x_1, %w_1)
// CHECK-NEXT: %v_1 = torch.prepare "operators.conv2d_depthwise"(%v) {input_shape = [1, 64, 28, 28], stride = 2, padding = 1, groups = 64}
// CHECK-NEXT: %z = torch.call "operators.conv2d"(%x_1, %v_1) {stride = 2, padding = 1, groups = 64}
