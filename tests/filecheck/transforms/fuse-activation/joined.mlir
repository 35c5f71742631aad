// RUN: ramiel-opt --fuse-activation --cse %s | filecheck %s

// What activates a join activates each of its parts, where a kernel can do that to one of them.
// A part that is activated for others, too, is so once.

dataflow.graph @joined(%x : tensor<1x8x8x8xf32>) -> (tensor<1x16x8x8xf32>, tensor<1x8x8x8xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<8x8x1x1xf32>
  %relu = torch.call "torch.relu"(%x) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %conv = torch.call "operators.conv2d"(%relu, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %cat = torch.call "torch.cat"(%x, %conv) {dim = 1} : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x16x8x8xf32> loc("/cat")
  %active = torch.call "torch.relu"(%cat) : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  dataflow.output %active, %relu : tensor<1x16x8x8xf32>, tensor<1x8x8x8xf32>
}

// CHECK:      %relu = torch.call "torch.relu"(%x)
// CHECK-NEXT: %conv_relu = torch.call "operators.conv2d"(%relu, %w) {activation = "relu"}
// CHECK-NEXT: %active = torch.call "torch.cat"(%relu, %conv_relu) {dim = 1} : {{.*}} loc("/cat")
// CHECK-NEXT: dataflow.output %active, %relu

// Without such a kernel one activation of all is less work.

dataflow.graph @stays(%x : tensor<1x8x8x8xf32>, %y : tensor<1x8x8x8xf32>) -> (tensor<1x16x8x8xf32>) attributes {weights = "model.onnx"} {
  %cat = torch.call "torch.cat"(%x, %y) {dim = 1} : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x16x8x8xf32>
  %active = torch.call "torch.relu"(%cat) : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  dataflow.output %active : tensor<1x16x8x8xf32>
}

// CHECK:      dataflow.graph @stays
// CHECK-NEXT: %cat = torch.call "torch.cat"(%x, %y)
// CHECK-NEXT: %active = torch.call "torch.relu"(%cat)

// So where the kernel has a sum, which only ReLU goes with.

dataflow.graph @sum(%x : tensor<1x8x8x8xf32>, %w : tensor<8x8x1x1xf32>) -> (tensor<1x16x8x8xf32>) attributes {weights = "model.onnx"} {
  %conv = torch.call "operators.conv2d"(%x, %w, add = %x) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %cat = torch.call "torch.cat"(%x, %conv) {dim = 1} : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x16x8x8xf32>
  %active = torch.call "torch.nn.functional.silu"(%cat) : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  dataflow.output %active : tensor<1x16x8x8xf32>
}

// CHECK:      dataflow.graph @sum
// CHECK:      %cat = torch.call "torch.cat"(%x, %conv)
// CHECK-NEXT: %active = torch.call "torch.nn.functional.silu"(%cat)
