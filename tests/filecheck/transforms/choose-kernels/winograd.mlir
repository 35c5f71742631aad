// RUN: ramiel-opt -p 'pack-weights,channels-last,choose-kernels{costs="%S/Inputs/winograd.json"},dce' %s | filecheck %s

// A convolution whose filters move by one pixel may take fewer products, by Winograd's minimal
// filtering: where measuring, or a costs.json as here, says so.  One that moves by two may not.

dataflow.graph @winograd(%x : tensor<1x64x28x28xf32>) -> (tensor<1x64x28x28xf32>, tensor<1x64x14x14xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<64x64x3x3xf32>
  %y = torch.call "torch.nn.functional.conv2d"(%x, %w) {padding = 1} : (tensor<1x64x28x28xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32> loc("/3x3")
  %z = torch.call "torch.nn.functional.conv2d"(%x, %w) {stride = 2, padding = 1} : (tensor<1x64x28x28xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x14x14xf32> loc("/strided")
  dataflow.output %y, %z : tensor<1x64x28x28xf32>, tensor<1x64x14x14xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.conv2d_winograd"(%w) {input_shape = [1, 64, 28, 28], padding = 1}
// CHECK-NEXT: %y = torch.call "operators.conv2d"(%x_1, %w_1) {padding = 1}
// CHECK-NEXT: %w_2 = torch.prepare "operators.conv2d_primitive"(%w) {input_shape = [1, 64, 28, 28], stride = 2, padding = 1}
// CHECK-NEXT: %z = torch.call "operators.conv2d"(%x_1, %w_2) {stride = 2, padding = 1}
