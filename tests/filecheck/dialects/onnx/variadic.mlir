// RUN: ramiel-opt %s | filecheck %s

// Concat takes as many operands as there are, Split gives as many results.

dataflow.graph @variadic(%x : tensor<2xf32>) -> (tensor<6xf32>, tensor<1xf32>) {
  %0 = onnx.Concat(%x, %x, %x) {axis = 0} : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<6xf32>
  %1, %2 = onnx.Split(%x) {num_outputs = 2} : (tensor<2xf32>) -> (tensor<1xf32>, tensor<1xf32>)
  dataflow.output %0, %2 : tensor<6xf32>, tensor<1xf32>
}

// CHECK:      %0 = onnx.Concat(%x, %x, %x) {axis = 0}
// CHECK-NEXT: %1, %2 = onnx.Split(%x) {num_outputs = 2} : (tensor<2xf32>) -> (tensor<1xf32>, tensor<1xf32>)
