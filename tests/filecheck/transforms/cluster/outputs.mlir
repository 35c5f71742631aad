// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// A result is written in the cluster that computes it, as often as it is an output.  Arguments,
// weights and constants that are outputs are written in the first cluster.

dataflow.graph @outputs(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %w = dataflow.weight "w" : tensor<4xf32>
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %b = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [40]}
  dataflow.output %a, %x, %b, %w, %b : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   %b = onnx.Exp(%x)
// CHECK-NEXT:   task.output %b, 2
// CHECK-NEXT:   task.output %b, 4
// CHECK-NEXT:   task.output %x, 1
// CHECK-NEXT:   %w = dataflow.weight "w"
// CHECK-NEXT:   task.output %w, 3
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   %a = onnx.Relu(%x)
// CHECK-NEXT:   task.output %a, 0
