// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// Both branches are equally far from the end: the one that stands first goes on with the path.

dataflow.graph @tie(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %stem = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %first = onnx.Exp(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %second = onnx.Tanh(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  dataflow.output %second, %first : tensor<4xf32>, tensor<4xf32>
}

// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   onnx.Relu
// CHECK-NEXT:   task.send
// CHECK-NEXT:   %first = onnx.Exp
// CHECK-NEXT:   task.output %first, 1
// CHECK:      task.cluster @cluster_1
// CHECK:        %second = onnx.Tanh
// CHECK-NEXT:   task.output %second, 0
