// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// Random operators draw from one generator: they stay in one cluster, in their order, though
// nothing else orders them.

dataflow.graph @random() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.RandomNormal() {shape = [4]} : () -> tensor<4xf32> attributes {cost = [10]}
  %b = onnx.RandomUniform() {shape = [4]} : () -> tensor<4xf32> attributes {cost = [50]}
  %c = onnx.RandomNormal() {shape = [4]} : () -> tensor<4xf32> attributes {cost = [90]}
  %d = onnx.Exp(%b) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [500]}
  %e = onnx.Sin(%b) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  dataflow.output %a, %c, %d, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK:      task.cluster @cluster_0
// CHECK:        %a = onnx.RandomNormal
// CHECK:        %b{{.*}} = onnx.RandomUniform
// CHECK:        %c = onnx.RandomNormal
// CHECK:      task.cluster @cluster_1
// CHECK-NOT:    Random
// CHECK:        %e = onnx.Sin
