// RUN: ramiel-opt --clone %s | filecheck %s
// RUN: ramiel-opt -p 'clone,cse' %s | filecheck %s
// RUN: ramiel-opt -p 'clone,cluster' %s | filecheck %s --check-prefix CLUSTER

// A cheap operation with two readers: each gets its own, and the branches have nothing left to
// wait for.  The mark keeps cse from merging the copies; cost, location and name are copied too.

dataflow.graph @scale(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %s = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000]} loc("/scale")
  %a = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %b = onnx.Sin(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80000]}
  dataflow.output %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CHECK:      [[FIRST:%s.*]] = onnx.Relu(%x) {{.*}} attributes {cost = [1000]} loc("/scale")
// CHECK-NEXT: [[SECOND:%s.*]] = onnx.Relu(%x) {{.*}} attributes {cost = [1000], clone = 1} loc("/scale")
// CHECK-NEXT: onnx.Exp([[FIRST]])
// CHECK-NEXT: onnx.Sin([[SECOND]])

// CLUSTER-NOT: task.channel
