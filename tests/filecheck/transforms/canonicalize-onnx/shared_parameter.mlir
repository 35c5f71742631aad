// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// Exporters write a shared parameter as an Identity of it: one weight is left.

dataflow.graph @shared(%x : tensor<2x2xf32>) -> (tensor<2x2xf32>) attributes {weights = "shared.safetensors"} {
  %w = dataflow.weight "embedding.weight" : tensor<2x2xf32>
  %tied = onnx.Identity(%w) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %0 = onnx.MatMul(%x, %w) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = onnx.MatMul(%0, %tied) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  dataflow.output %1 : tensor<2x2xf32>
}

// CHECK:      %w = dataflow.weight "embedding.weight"
// CHECK-NEXT: %0 = onnx.MatMul(%x, %w)
// CHECK-NEXT: %1 = onnx.MatMul(%0, %w)
