// RUN: ramiel-opt -p 'cluster{algorithm=portfolio max-clusters=2 message-ns=5}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{algorithm=portfolio max-clusters=2 message-ns=200}' %s | filecheck %s --check-prefix DEAR

// The graph of list.mlir.  The list schedule takes 105; d in front of c takes 90, which is the bound:
//
//   worker 0  a 10 | b 70                      | e 10 |
//   worker 1  d 40            | c 50                  |
//             0               40                      90

dataflow.graph @portfolio(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [70]}
  %c = onnx.Sin(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [50]}
  %d = onnx.Cos(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [40]}
  %e = onnx.Neg(%b) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  dataflow.output %c, %d, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK:      task.program @portfolio{{.*}}predicted_serial_ns = 180, predicted_makespan_ns = 90
// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   onnx.Relu
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   onnx.Cos
// CHECK-NEXT:   task.output
// CHECK-NEXT:   task.recv
// CHECK-NEXT:   onnx.Sin

// Where a message costs more than all the work, only what needs none is put beside the rest.

// DEAR:       predicted_serial_ns = 180, predicted_makespan_ns = 140
// DEAR-NOT:   task.channel
