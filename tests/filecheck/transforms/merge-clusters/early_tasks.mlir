// RUN: ramiel-opt -p 'cluster{message-ns=0},merge-clusters{message-ns=0}' %s | filecheck %s

// The two side branches each begin with an operation that could run at once (r, s).  Moved to the
// latest time at which they delay nobody, they do not stretch the spans of their clusters to 0:
//
//   a 10 | b 30       | d 10 | e 30       | g 10
//        | c 20   |
//      r 1                   | f 20   |
//                          s 1

dataflow.graph @diamonds(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %r = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1]}
  %s = onnx.Abs(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1]}
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %c = onnx.Mul(%a, %r) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %d = onnx.Add(%b, %c) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %e = onnx.Sin(%d) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %f = onnx.Mul(%d, %s) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %g = onnx.Add(%e, %f) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %g : tensor<4xf32>
}

// CHECK:     predicted_makespan_ns = 90
// CHECK:     task.cluster @cluster_0 attributes {cost_ns = 90}
// CHECK:     task.cluster @cluster_1 attributes {cost_ns = 42}
// CHECK:       onnx.Neg
// CHECK:       onnx.Mul
// CHECK:       onnx.Abs
// CHECK:       onnx.Mul
// CHECK-NOT: task.cluster
