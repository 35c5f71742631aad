// RUN: ramiel-opt --fuse-activation %s | filecheck %s

// oneDNN activates a result before it writes it.  x · sigmoid(x) is swish, which it knows too.

dataflow.graph @activations(%x : tensor<1x8x8x8xf32>, %rows : tensor<4x8xf32>) -> (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<4x8xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<8x8x1x1xf32>
  %m = dataflow.weight "m" : tensor<8x8xf32>
  %p = torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 8, 8, 8]} : (tensor<8x8x1x1xf32>) -> tensor<8x8x1x1xf32>
  %a = torch.call "operators.conv2d"(%x, %p) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32> loc("/conv")
  %relu = torch.call "torch.relu"(%a) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> loc("/relu")
  %b = torch.call "operators.conv2d"(%x, %p) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %leaky = torch.call "torch.nn.functional.leaky_relu"(%b) {negative_slope = 0.2} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %c = torch.call "operators.conv2d"(%x, %p) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %gate = torch.call "torch.sigmoid"(%c) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %swish = torch.call "operator.mul"(%c, %gate) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %d = torch.call "operators.linear"(%rows, %m) : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  %gelu = torch.call "torch.nn.functional.gelu"(%d) {approximate = "tanh"} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  dataflow.output %relu, %leaky, %swish, %gelu : tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<4x8xf32>
}

// CHECK:      %relu = torch.call "operators.conv2d"(%x, %p) {activation = "relu"} : {{.*}} loc("/conv")
// CHECK-NEXT: %leaky = torch.call "operators.conv2d"(%x, %p) {activation = "leaky_relu", scalars = [0.2]}
// CHECK-NEXT: %swish = torch.call "operators.conv2d"(%x, %p) {activation = "swish"}
// CHECK-NEXT: %gelu = torch.call "operators.linear"(%rows, %m) {activation = "gelu", algorithm = "tanh"}
// CHECK-NEXT: dataflow.output
