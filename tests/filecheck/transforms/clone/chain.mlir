// RUN: ramiel-opt --clone %s | filecheck %s

// When the second operation of a chain is copied, the first has two readers, and is copied too.

dataflow.graph @chain(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %p = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000]}
  %q = onnx.Neg(%p) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000]}
  %a = onnx.Exp(%q) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %b = onnx.Sin(%q) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80000]}
  dataflow.output %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CHECK:      [[P:%.*]] = onnx.Relu(%x)
// CHECK-NEXT: [[P1:%.*]] = onnx.Relu(%x)
// CHECK-NEXT: [[Q:%.*]] = onnx.Neg([[P]])
// CHECK-NEXT: [[Q1:%.*]] = onnx.Neg([[P1]])
// CHECK-NEXT: onnx.Exp([[Q]])
// CHECK-NEXT: onnx.Sin([[Q1]])
