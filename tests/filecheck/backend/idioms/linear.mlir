// RUN: ramiel-opt --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// A Gemm with a transposed weight is F.linear, with the weight as nn.Linear has it.

dataflow.graph @net(%x : tensor<2x4xf32>) -> (tensor<2x3xf32>) {
  %w = dataflow.weight "fc.weight" : tensor<3x4xf32>
  %b = dataflow.weight "fc.bias" : tensor<3xf32>
  %y = onnx.Gemm(%x, %w, %b) {transB = 1} : (tensor<2x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  dataflow.output %y : tensor<2x3xf32>
}

// CHECK: return F.linear(x, w["fc.weight"], w["fc.bias"])
