// RUN: ramiel-opt -p 'cluster{message-ns=0},merge-clusters{message-ns=0}' %s | filecheck %s --check-prefix FREE
// RUN: ramiel-opt -p 'cluster{message-ns=0},merge-clusters{max-clusters=2 message-ns=0}' %s | filecheck %s --check-prefix TWO
// RUN: ramiel-opt -p 'cluster{message-ns=0},merge-clusters{max-clusters=1 message-ns=0}' %s | filecheck %s --check-prefix ONE
// RUN: ramiel-opt -p 'cluster{message-ns=0},merge-clusters{max-clusters=8 message-ns=0}' %s | filecheck %s --check-prefix FREE
// RUN: not ramiel-opt -p 'merge-clusters{max-clusters=0}' %s 2>&1 | filecheck %s --check-prefix ZERO

// Four operations of 40, 30, 20 and 10 could all run at the same time.  The one with the least
// work joins the one with which the program ends first: 10 joins 20, then 30 joins 20 and 10
// (60 beside 40; with 40 it would be 70).

// FREE: predicted_makespan_ns = 40
// FREE-COUNT-4: task.cluster
// FREE-NOT: task.cluster

// TWO:     predicted_makespan_ns = 60
// TWO:     task.cluster @cluster_0 attributes {cost_ns = 60}
// TWO:     task.cluster @cluster_1 attributes {cost_ns = 40}
// TWO-NOT: task.cluster

// ONE:     predicted_makespan_ns = 100
// ONE:     task.cluster @cluster_0 attributes {cost_ns = 100}
// ONE-NOT: task.cluster

// ZERO: merge-clusters: max-clusters must be at least 1, not 0

dataflow.graph @four(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [40]}
  %b = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %c = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %d = onnx.Cos(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %a, %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
