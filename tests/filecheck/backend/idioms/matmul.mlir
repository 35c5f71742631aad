// RUN: ramiel-opt --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// A matrix product is `@`.

dataflow.graph @net(%x : tensor<2x4xf32>) -> (tensor<2x3xf32>) {
  %w = dataflow.weight "head" : tensor<4x3xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  dataflow.output %y : tensor<2x3xf32>
}

// CHECK: return x @ w["head"]
