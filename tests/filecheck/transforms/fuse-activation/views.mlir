// RUN: ramiel-opt --fuse-activation %s | filecheck %s

// Views change no element: an activation behind them is done by the kernel before them.

dataflow.graph @views(%x : tensor<1x8x4x4xf32>) -> (tensor<1x4x4x8xf32>, tensor<1x128xf32>, tensor<1x8x16xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<8x8x1x1xf32>
  %a = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32> loc("/conv")
  %split = torch.call "Tensor.reshape"(%a) {shape = [1, 2, 4, 4, 4]} : (tensor<1x8x4x4xf32>) -> tensor<1x2x4x4x4xf32>
  %whole = torch.call "Tensor.reshape"(%split) {shape = [1, 8, 4, 4]} : (tensor<1x2x4x4x4xf32>) -> tensor<1x8x4x4xf32>
  %last = torch.call "Tensor.permute"(%whole) {dims = [0, 2, 3, 1]} : (tensor<1x8x4x4xf32>) -> tensor<1x4x4x8xf32> loc("/transpose")
  %y = torch.call "torch.sigmoid"(%last) : (tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> loc("/sigmoid")

  // A view that something else reads too stays as it is.
  %b = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32>
  %flat = torch.call "Tensor.flatten"(%b) {start_dim = 1} : (tensor<1x8x4x4xf32>) -> tensor<1x128xf32>
  %sum = torch.call "operator.add"(%flat, %flat) : (tensor<1x128xf32>, tensor<1x128xf32>) -> tensor<1x128xf32>
  %relu = torch.call "torch.relu"(%flat) : (tensor<1x128xf32>) -> tensor<1x128xf32>
  %z = torch.call "operator.add"(%sum, %relu) : (tensor<1x128xf32>, tensor<1x128xf32>) -> tensor<1x128xf32>

  // So does one of a kernel that activates already.
  %c = torch.call "operators.conv2d"(%x, %w) {activation = "relu"} : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32>
  %rows = torch.call "Tensor.reshape"(%c) {shape = [1, 8, 16]} : (tensor<1x8x4x4xf32>) -> tensor<1x8x16xf32>
  %tanh = torch.call "torch.tanh"(%rows) : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
  dataflow.output %y, %z, %tanh : tensor<1x4x4x8xf32>, tensor<1x128xf32>, tensor<1x8x16xf32>
}

// CHECK:      %a = torch.call "operators.conv2d"(%x, %w) {activation = "sigmoid"} : {{.*}} loc("/conv")
// CHECK-NEXT: %split = torch.call "Tensor.reshape"(%a) {shape = [1, 2, 4, 4, 4]}
// CHECK-NEXT: %whole = torch.call "Tensor.reshape"(%split) {shape = [1, 8, 4, 4]}
// CHECK-NEXT: %y = torch.call "Tensor.permute"(%whole) {dims = [0, 2, 3, 1]} : {{.*}} loc("/transpose")
// CHECK-NEXT: %b = torch.call "operators.conv2d"(%x, %w) :
// CHECK:      torch.call "torch.relu"(%flat)
// CHECK:      %c = torch.call "operators.conv2d"(%x, %w) {activation = "relu"}
// CHECK:      torch.call "torch.tanh"(%rows)
