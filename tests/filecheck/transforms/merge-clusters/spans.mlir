// RUN: ramiel-opt -p 'cluster{message-ns=0},merge-clusters{message-ns=0}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s --check-prefix CLUSTERS

// Two diamonds, one after the other.  Linear clustering finds the critical path a, b, d, e, g and
// one cluster each for c and f:
//
//   cluster_0   a 10 | b 30       | d 10 | e 30       | g 10      span  0 to 90
//   cluster_1        | c 20   |                                   span 10 to 30
//   cluster_2                            | f 20   |               span 50 to 70
//
// c and f never run at the same time, so one worker does both, and it takes no longer.

dataflow.graph @diamonds(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %c = onnx.Tanh(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %d = onnx.Add(%b, %c) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %e = onnx.Sin(%d) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %f = onnx.Cos(%d) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %g = onnx.Add(%e, %f) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %g : tensor<4xf32>
}

// CLUSTERS:  predicted_makespan_ns = 90
// CLUSTERS-COUNT-3: task.cluster
// CLUSTERS-NOT: task.cluster

// CHECK:      predicted_makespan_ns = 90
// CHECK:      task.cluster @cluster_0 attributes {cost_ns = 90}
// CHECK:      task.cluster @cluster_1 attributes {cost_ns = 40}
// CHECK:        onnx.Tanh
// CHECK:        onnx.Cos
// CHECK-NOT:  task.cluster
