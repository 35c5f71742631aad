// RUN: ramiel-opt -p pack-weights,channels-last,choose-kernels,dce %s | filecheck %s

// Filters of 1x1 multiply each pixel with a matrix, so their weight is laid out for that; with little
// work it stays as it is, since oneDNN's fixed cost would be more than its kernel gains.

dataflow.graph @pointwise(%x : tensor<1x64x28x28xf32>) -> (tensor<1x64x28x28xf32>, tensor<1x8x28x28xf32>, tensor<1x64x14x14xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "large" : tensor<64x64x1x1xf32>
  %v = dataflow.weight "small" : tensor<8x64x1x1xf32>
  %y = torch.call "torch.nn.functional.conv2d"(%x, %w) : (tensor<1x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x28x28xf32>
  %z = torch.call "torch.nn.functional.conv2d"(%x, %v) : (tensor<1x64x28x28xf32>, tensor<8x64x1x1xf32>) -> tensor<1x8x28x28xf32>
  %s = torch.call "torch.nn.functional.conv2d"(%x, %w) {stride = 2} : (tensor<1x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x14x14xf32>
  dataflow.output %y, %z, %s : tensor<1x64x28x28xf32>, tensor<1x8x28x28xf32>, tensor<1x64x14x14xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.pack_pointwise"(%w) {rows = 784}
// CHECK-NEXT: %y = torch.call "operators.conv2d"(%x_1, %w_1)
// CHECK-NEXT: %z = torch.call "operators.conv2d"(%x_1, %v)
// CHECK-NEXT: %w_2 = torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 64, 28, 28], stride = 2}
// CHECK-NEXT: %s = torch.call "operators.conv2d"(%x_1, %w_2) {stride = 2}
