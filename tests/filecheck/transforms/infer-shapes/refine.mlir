// RUN: ramiel-opt --infer-shapes %s | filecheck %s

// Result types follow from operand types; the graph's result types follow too.

dataflow.graph @refine(%x : tensor<2x3xf32>, %w : tensor<3x4xf32>) -> (tensor<*xf32>) {
  %0 = onnx.MatMul(%x, %w) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  %1 = onnx.ArgMax(%0) {axis = 1} : (tensor<*xf32>) -> tensor<*xf32>
  dataflow.output %1 : tensor<*xf32>
}

// CHECK:      dataflow.graph @refine(%x : tensor<2x3xf32>, %w : tensor<3x4xf32>) -> (tensor<2x1xi64>)
// CHECK-NEXT: onnx.MatMul(%x, %w) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: onnx.ArgMax(%0) {axis = 1} : (tensor<2x4xf32>) -> tensor<2x1xi64>
