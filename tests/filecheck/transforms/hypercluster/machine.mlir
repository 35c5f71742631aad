// RUN: ramiel-opt -p 'cluster,hypercluster{batch=2}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster,hypercluster{batch=2 message-ns=0}' %s | filecheck %s --check-prefix FREE

// What messages and calls cost, and how busy cores disturb each other, is in the attribute `machine`,
// as for the other passes.  With free messages, after the call, a sample is a alone, then b and c, which
// take 150 where both cores are busy:
//
//   worker_0  call 50 | a0 10 | b0 150      | a1 10 | b1 150      |     370
//   worker_1                  | c0 150      |       | c1 150      |
//
// With messages of 20, b0 has done 20 alone at 80, when c0 begins; b0 ends at 200, a1 at 215, c0 at 230; c1
// begins at 235, when b1 has 85 left, until 362.5, and c1 ends its last 15 alone at 377.5.

// CHECK: predicted_serial_ns = 420, predicted_makespan_ns = 378
// FREE:  predicted_serial_ns = 420, predicted_makespan_ns = 370

dataflow.graph @fork(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) attributes {machine = {cores = 2, slowdown = [1.0, 1.5], message_ns = 20, call_ns = 50}} {
  %a = onnx.Relu(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [10]}
  %b = onnx.Exp(%a) : (tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [100]}
  %c = onnx.Tanh(%a) : (tensor<1x4xf32>) -> tensor<1x4xf32> attributes {cost = [100]}
  dataflow.output %b, %c : tensor<1x4xf32>, tensor<1x4xf32>
}
