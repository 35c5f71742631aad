// RUN: ramiel-opt -p 'cluster{algorithm=dsc message-ns=5}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{algorithm=dsc message-ns=50}' %s | filecheck %s --check-prefix DEAR

// Dominant sequence clustering: the longest path is a, p.  p goes to the cluster of a, which saves
// the message.  q could follow there at 30, or begin at 10 + message in a cluster of its own: 15 is
// better, 60 is not.

dataflow.graph @fork(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %p = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %q = onnx.Sin(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  dataflow.output %p, %q : tensor<4xf32>, tensor<4xf32>
}

// CHECK:      predicted_serial_ns = 50, predicted_makespan_ns = 35
// CHECK:      task.cluster @cluster_0
// CHECK:        onnx.Relu
// CHECK:        onnx.Exp
// CHECK:      task.cluster @cluster_1
// CHECK:        onnx.Sin

// DEAR:       predicted_serial_ns = 50, predicted_makespan_ns = 50
// DEAR-NOT:   task.channel
