// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// CHECK: Relu: has no attribute 'slope'
dataflow.graph @unknown_attribute(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %0 = onnx.Relu(%x) {slope = 1} : (tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// -----

// CHECK: Relu: at most 1 operands, got 2
dataflow.graph @too_many_operands(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %0 = onnx.Relu(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// -----

// CHECK: Conv: needs operand 1 (W)
dataflow.graph @missing_operand(%x : tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>) {
  %0 = onnx.Conv(%x) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  dataflow.output %0 : tensor<1x1x2x2xf32>
}

// -----

// CHECK: Relu: at most 1 results, got 2
dataflow.graph @too_many_results(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %0, %1 = onnx.Relu(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  dataflow.output %0 : tensor<2xf32>
}

// -----

// CHECK: expected 1 operand types, got 2
dataflow.graph @types_of_absent_operands(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %0 = onnx.Clip(%x, _) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// -----

// CHECK: onnx.Glow
dataflow.graph @unknown_operator(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %0 = onnx.Glow(%x) : (tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}
