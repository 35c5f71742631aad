// RUN: ramiel-opt --infer-shapes %s | filecheck %s

// Inside a branch types are inferred too, and an If has the type that its branches agree on.

dataflow.graph @branches(%x : tensor<2x3xf32>, %c : tensor<i1>) -> (tensor<?x?xf32>) {
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<?x?xf32> else_branch {
    %1 = onnx.Neg(%x) : (tensor<2x3xf32>) -> tensor<?x?xf32>
    dataflow.output %1 : tensor<?x?xf32>
  } then_branch {
    dataflow.output %x : tensor<2x3xf32>
  }
  dataflow.output %0 : tensor<?x?xf32>
}

// CHECK:      onnx.If(%c) : (tensor<i1>) -> tensor<2x3xf32> else_branch {
// CHECK-NEXT:   onnx.Neg(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
