// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// A value goes once to each cluster that reads it, however many readers that cluster has; it is
// sent as soon as it is there and received right before its first use.

dataflow.graph @fan(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %stem = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %main = onnx.Exp(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90]}
  %p = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %q = onnx.Mul(%p, %stem) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %r = onnx.Mul(%q, %stem) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %sum = onnx.Add(%main, %r) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %sum : tensor<4xf32>
}

// CHECK-COUNT-2: = task.channel
// CHECK-NEXT:    task.cluster @cluster_0
// CHECK-NEXT:      [[STEM:%.*]] = onnx.Relu
// CHECK-NEXT:      task.send [[STEM]]
// CHECK-NEXT:      onnx.Exp([[STEM]])
// CHECK:         task.cluster @cluster_1
// CHECK-NEXT:      [[P:%.*]] = onnx.Sin
// CHECK-NEXT:      [[STEM:%.*]] = task.recv
// CHECK-NEXT:      [[Q:%.*]] = onnx.Mul([[P]], [[STEM]])
// CHECK-NEXT:      [[R:%.*]] = onnx.Mul([[Q]], [[STEM]])
// CHECK-NEXT:      task.send [[R]]
