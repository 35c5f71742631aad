// RUN: ramiel-opt -p 'cluster{algorithm=list max-clusters=2 message-ns=5}' %s | filecheck %s
// RUN: not ramiel-opt -p 'cluster{algorithm=list max-clusters=0}' %s 2>&1 | filecheck %s --check-prefix NONE

// A list schedule on two workers.  The distances to the end, with 5 ns for the message on each edge,
// are a 100, b 85, c 50, d 40, e 10.  In this order each takes the worker on which it starts first:
//
//   worker 0  a 10 | b 70                      | e 10
//   worker 1       . c 50          | d 40             |
//             0    10 15           65          80  90 105
//
// On worker 0, c could begin only at 80; with a message it begins at 15 on worker 1.  The place
// before it is too short for d.

// NONE: ramiel-opt: cluster: max-clusters must be at least 1, not 0

dataflow.graph @list(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [70]}
  %c = onnx.Sin(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [50]}
  %d = onnx.Cos(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [40]}
  %e = onnx.Neg(%b) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %c, %d, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK:      task.program @list{{.*}}predicted_serial_ns = 180, predicted_makespan_ns = 105
// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   onnx.Relu
// CHECK-NEXT:   task.send
// CHECK-NEXT:   onnx.Exp
// CHECK-NEXT:   onnx.Neg
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   task.recv
// CHECK-NEXT:   onnx.Sin
// CHECK-NEXT:   task.output
// CHECK-NEXT:   onnx.Cos
