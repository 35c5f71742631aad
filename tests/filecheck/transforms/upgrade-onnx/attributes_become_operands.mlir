// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// What was an attribute is an operand today: bounds of a Slice, axes, sizes of a Split, …

dataflow.graph @operands(%x : tensor<4x6xf32>) -> (tensor<1x2xf32>, tensor<1x3x6xf32>, tensor<4xf32>) {
  %0 = onnx.Slice_v1(%x) {starts = [1], ends = [3], axes = [1]} : (tensor<4x6xf32>) -> tensor<4x2xf32> loc("/slice")
  %1, %2 = onnx.Split_v2(%x) {split = [1, 3]} : (tensor<4x6xf32>) -> (tensor<1x6xf32>, tensor<3x6xf32>)
  %3 = onnx.Unsqueeze_v1(%2) {axes = [0]} : (tensor<3x6xf32>) -> tensor<1x3x6xf32>
  %4 = onnx.ReduceMax_v11(%0) {axes = [0]} : (tensor<4x2xf32>) -> tensor<1x2xf32>
  %5 = onnx.ReduceSum_v11(%x) {axes = [1], keepdims = 0} : (tensor<4x6xf32>) -> tensor<4xf32>
  dataflow.output %4, %3, %5 : tensor<1x2xf32>, tensor<1x3x6xf32>, tensor<4xf32>
}

// The new constants stand at the node's place, under its location.
// CHECK:      %starts = dataflow.constant dense<1> : tensor<1xi64> loc("/slice")
// CHECK-NEXT: %ends = dataflow.constant dense<3> : tensor<1xi64> loc("/slice")
// CHECK-NEXT: %axes = dataflow.constant dense<1> : tensor<1xi64> loc("/slice")
// CHECK-NEXT: %0 = onnx.Slice(%x, %starts, %ends, %axes) : {{.*}} loc("/slice")
// CHECK-NEXT: %sizes = dataflow.constant dense<[1, 3]> : tensor<2xi64>
// CHECK-NEXT: %1, %2 = onnx.Split(%x, %sizes)
// CHECK-NEXT: [[AXES:%axes.*]] = dataflow.constant dense<0>
// CHECK-NEXT: onnx.Unsqueeze(%2, [[AXES]])
// CHECK-NEXT: [[AXES:%axes.*]] = dataflow.constant dense<0>
// CHECK-NEXT: onnx.ReduceMax(%0, [[AXES]])
// CHECK-NEXT: [[AXES:%axes.*]] = dataflow.constant dense<1>
// CHECK-NEXT: onnx.ReduceSum(%x, [[AXES]]) {keepdims = 0}
