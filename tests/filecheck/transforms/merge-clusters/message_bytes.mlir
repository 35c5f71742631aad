// RUN: ramiel-opt -p 'cluster{message-ns=5 message-ns-per-byte=1.0},merge-clusters{max-clusters=2 message-ns=5 message-ns-per-byte=1.0}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{message-ns=5 message-ns-per-byte=1.0},merge-clusters{max-clusters=2 message-ns=5 message-ns-per-byte=0.0}' %s | filecheck %s --check-prefix SMALL

// A message costs 5, and 1 for each of its 16 bytes: 21.  Linear clusters are a b, c and d.  Down to
// two, d, which has the least work, joins the cluster with which all ends sooner.  With c it would
// wait for the message, until 81; with a and b it ends at 70:
//
//   cluster_0  | a 10 | b 40             | d 20 |
//   cluster_1         . message 21 . | c 30   |
//
// Where bytes cost nothing, c begins at 15, and d behind it ends at 65.

// CHECK:      predicted_serial_ns = 100, predicted_makespan_ns = 70
// CHECK:      task.cluster @cluster_0 attributes {cost_ns = 70}
// CHECK:      task.cluster @cluster_1 attributes {cost_ns = 30}
// CHECK-NOT:  task.cluster
// SMALL:      predicted_makespan_ns = 65
// SMALL:      task.cluster @cluster_0 attributes {cost_ns = 50}
// SMALL:      task.cluster @cluster_1 attributes {cost_ns = 50}

dataflow.graph @fork(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [40]}
  %c = onnx.Tanh(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %d = onnx.Sin(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  dataflow.output %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
