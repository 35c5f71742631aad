// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// An old form whose meaning the newest has under the same attributes is renamed; attributes that
// never meant anything are dropped.

dataflow.graph @rename(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %0 = onnx.Relu_v1(%x) {consumed_inputs = [0]} : (tensor<2x3xf32>) -> tensor<2x3xf32> loc("/relu")
  %1 = onnx.LeakyRelu_v6(%0) {alpha = 0.5} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = onnx.Max_v8(%0, %1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  dataflow.output %2 : tensor<2x3xf32>
}

// CHECK:      %0 = onnx.Relu(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32> loc("/relu")
// CHECK-NEXT: %1 = onnx.LeakyRelu(%0) {alpha = 0.5}
// CHECK-NEXT: %2 = onnx.Max(%0, %1)
