// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// An If whose condition is constant is the branch that is taken.

dataflow.graph @branch(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %c = dataflow.constant dense<true> : tensor<i1>
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<2xf32> else_branch {
    %1 = onnx.Abs(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %1 : tensor<2xf32>
  } then_branch {
    %2 = onnx.Neg(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %2 : tensor<2xf32>
  }
  dataflow.output %0 : tensor<2xf32>
}

// CHECK:      dataflow.graph @branch
// CHECK-NEXT:   [[RESULT:%.*]] = onnx.Neg(%x)
// CHECK-NEXT:   dataflow.output [[RESULT]]
