// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// Operations that give back what they get are replaced by that.

dataflow.graph @identities(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %pads = dataflow.constant dense<0> : tensor<4xi64>
  %shape = dataflow.constant dense<[2, -1]> : tensor<2xi64>
  %0 = onnx.Identity(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.Dropout(%0) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = onnx.Cast(%1) {to = 1} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = onnx.Reshape(%2, %shape) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  %4 = onnx.Pad(%3, %pads) : (tensor<2x3xf32>, tensor<4xi64>) -> tensor<2x3xf32>
  %5 = onnx.Concat(%4) {axis = 0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %6 = onnx.Relu(%5) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  dataflow.output %6 : tensor<2x3xf32>
}

// CHECK:      dataflow.graph @identities
// CHECK-NEXT:   %0 = onnx.Relu(%x)
// CHECK-NEXT:   dataflow.output %0
