// RUN: ramiel-opt --fuse-crop %s | filecheck %s

// A Slice without the first row and column, after a depthwise and a pointwise convolution: the outputs
// that it cuts off are not computed.  Stride 2 makes of one row two of padding.

dataflow.graph @convolution(%x : tensor<1x8x12x12xf32>, %d : tensor<8x1x5x5xf32>, %p : tensor<16x8x1x1xf32>) -> (tensor<1x16x6x6xf32>) {
  %0 = onnx.Conv(%x, %d) {group = 8, strides = [2, 2], pads = [3, 3, 2, 2]} : (tensor<1x8x12x12xf32>, tensor<8x1x5x5xf32>) -> tensor<1x8x7x7xf32>
  %1 = onnx.Conv(%0, %p) {group = 1} : (tensor<1x8x7x7xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x7x7xf32>
  %one = dataflow.constant dense<1> : tensor<1xi64>
  %end = dataflow.constant dense<9223372036854775807> : tensor<1xi64>
  %rows = dataflow.constant dense<2> : tensor<1xi64>
  %columns = dataflow.constant dense<3> : tensor<1xi64>
  %2 = onnx.Slice(%1, %one, %end, %rows) : (tensor<1x16x7x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x16x6x7xf32>
  %3 = onnx.Slice(%2, %one, %end, %columns) : (tensor<1x16x6x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x16x6x6xf32>
  dataflow.output %3 : tensor<1x16x6x6xf32>
}

// CHECK-NOT:  onnx.Slice
// CHECK:      [[DEPTHWISE:%.*]] = onnx.Conv(%x, %d) {{.*}}pads = [1, 1, 2, 2]{{.*}} -> tensor<1x8x6x6xf32>
// CHECK-NOT:  onnx.Slice
// CHECK:      [[POINTWISE:%.*]] = onnx.Conv([[DEPTHWISE]], %p) {{.*}} -> tensor<1x16x6x6xf32>
// CHECK-NEXT: dataflow.output [[POINTWISE]]
