// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s

// Graphs of control flow are regions under the names of their attributes.  They read values from
// outside, and end in dataflow.output.

dataflow.graph @control(%x : tensor<2xf32>, %c : tensor<i1>, %n : tensor<i64>) -> (tensor<2xf32>) {
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<2xf32> else_branch {
    dataflow.output %x : tensor<2xf32>
  } then_branch {
    %1 = onnx.Neg(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %1 : tensor<2xf32>
  }
  %2 = onnx.Loop(%n, _, %0) : (tensor<i64>, tensor<2xf32>) -> tensor<2xf32> body {
  ^bb0(%i : tensor<i64>, %go : tensor<i1>, %v : tensor<2xf32>):
    %3 = onnx.Add(%v, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %go, %3 : tensor<i1>, tensor<2xf32>
  }
  dataflow.output %2 : tensor<2xf32>
}

// CHECK:      %0 = onnx.If(%c) : (tensor<i1>) -> tensor<2xf32> else_branch {
// CHECK-NEXT:   dataflow.output %x : tensor<2xf32>
// CHECK-NEXT: } then_branch {
// CHECK-NEXT:   %1 = onnx.Neg(%x)
// CHECK-NEXT:   dataflow.output %1 : tensor<2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %2 = onnx.Loop(%n, _, %0) : (tensor<i64>, tensor<2xf32>) -> tensor<2xf32> body {
// CHECK-NEXT: ^bb0(%i: tensor<i64>{{.*}}, %go: tensor<i1>{{.*}}, %v: tensor<2xf32>{{.*}}):
// CHECK-NEXT:   %3 = onnx.Add(%v, %x)
// CHECK-NEXT:   dataflow.output %go, %3 : tensor<i1>, tensor<2xf32>
// CHECK-NEXT: }
