// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// Weights and constants are there before the program runs: each cluster that reads one has a copy
// of its own, right before the first reader, and one that nobody reads is dropped.

dataflow.graph @weights(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %w = dataflow.weight "shared.weight" : tensor<4xf32>
  %unused = dataflow.weight "unused.weight" : tensor<4xf32>
  %one = dataflow.constant dense<1.0> : tensor<f32>
  %a = onnx.Mul(%x, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %b = onnx.Add(%x, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %c = onnx.Add(%b, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %a, %c : tensor<4xf32>, tensor<4xf32>
}

// CHECK-NOT:  task.channel
// CHECK-NOT:  unused.weight
// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   [[W:%.*]] = dataflow.weight "shared.weight"
// CHECK-NEXT:   onnx.Mul(%x, [[W]])
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   [[W:%.*]] = dataflow.weight "shared.weight"
// CHECK-NEXT:   [[B:%.*]] = onnx.Add(%x, [[W]])
// CHECK-NEXT:   [[ONE:%.*]] = dataflow.constant dense<1.000000e+00>
// CHECK-NEXT:   onnx.Add([[B]], [[ONE]])
