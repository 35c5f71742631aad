// RUN: ramiel-opt -p 'cluster{message-ns=5},hypercluster{batch=2 message-ns=5}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{message-ns=5},hypercluster{batch=2 message-ns=5}' %s | ramiel-opt | filecheck %s
// RUN: ramiel-opt -p 'cluster{message-ns=5},hypercluster{batch=2 switched=true message-ns=5}' %s | filecheck %s --check-prefix SWITCHED
// RUN: ramiel-opt -p 'cluster{message-ns=5},hypercluster{batch=1 message-ns=5}' %s | filecheck %s --check-prefix ONE

// cluster_0 has two stages: before and after it waits for c.  In that wait, worker_0 begins the other
// sample.  One sample takes 60, two on one worker after the other 160, and so 120 (a 10, b 30,
// then d 10 and e 10; c 20):
//
//   worker_0  | a0 | b0       | a1 | b1       | d0 e0 | d1 e1 |
//   worker_1        | c0     |         | c1     |
//
// Switched, sample 1's cluster_0 is on worker_1, and both workers have the same load:
//
//   worker_0  | a0 | b0       | c1     | d0 e0 |
//   worker_1  | a1 | b1       | c0     | d1 e1 |                     85
//
// %x is given once for each sample: 2x4 in a call.  %scale has no axis and is shared.

// CHECK:      task.program @branches
// CHECK-SAME: predicted_serial_ns = 160, predicted_makespan_ns = 120, samples = 2, batch_inputs = [0]
// CHECK:      task.cluster @cluster_0 attributes {cost_ns = 60}
// CHECK-NEXT:   onnx.Relu
// CHECK-NEXT:   task.send
// CHECK-NEXT:   onnx.Exp
// CHECK-NEXT:   task.stage
// CHECK-NEXT:   task.recv
// CHECK-NEXT:   onnx.Add
// CHECK:      task.cluster @cluster_1 attributes {cost_ns = 20}
// CHECK-NOT:    task.stage
// CHECK:      task.worker @worker_0 {
// CHECK-NEXT:   task.run @cluster_0 stage 0 sample 0
// CHECK-NEXT:   task.run @cluster_0 stage 0 sample 1
// CHECK-NEXT:   task.run @cluster_0 stage 1 sample 0
// CHECK-NEXT:   task.run @cluster_0 stage 1 sample 1
// CHECK-NEXT: }
// CHECK-NEXT: task.worker @worker_1 {
// CHECK-NEXT:   task.run @cluster_1 stage 0 sample 0
// CHECK-NEXT:   task.run @cluster_1 stage 0 sample 1
// CHECK-NEXT: }

// SWITCHED:      predicted_makespan_ns = 85
// SWITCHED:      task.worker @worker_0 {
// SWITCHED-NEXT:   task.run @cluster_0 stage 0 sample 0
// SWITCHED-NEXT:   task.run @cluster_1 stage 0 sample 1
// SWITCHED-NEXT:   task.run @cluster_0 stage 1 sample 0
// SWITCHED-NEXT: }
// SWITCHED-NEXT: task.worker @worker_1 {
// SWITCHED-NEXT:   task.run @cluster_0 stage 0 sample 1
// SWITCHED-NEXT:   task.run @cluster_1 stage 0 sample 0
// SWITCHED-NEXT:   task.run @cluster_0 stage 1 sample 1

// ONE: predicted_serial_ns = 80, predicted_makespan_ns = 60, samples = 1

dataflow.graph @branches(%x : tensor<1x4xf32>, %scale : tensor<f32>) -> (tensor<1x4xf32>) {
  %a = onnx.Relu(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [30]}
  %c = onnx.Tanh(%a) : (tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [20]}
  %d = onnx.Add(%b, %c) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [10]}
  %e = onnx.Mul(%d, %scale) : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32> attributes {cost = [10]}
  dataflow.output %e : tensor<1x4xf32>
}
