// RUN: ramiel-opt --cluster %s | filecheck %s

// `linked_ns` is what a message takes between recorded clusters of one core each: a place in memory.
// Where the clusters are all of one core, the program's machine has such messages from then on.

// %stem ends at 100.  Its message takes 10, half of it each side's own: %left from 105, until 205,
// and %right from 110, until 210.

// CHECK: message_ns = 10, ns_per_byte = 0.0, send_ns = 5, receive_ns = 5
// CHECK-SAME: predicted_serial_ns = 300, predicted_makespan_ns = 210
dataflow.graph @branches(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {machine = {cores = 2, message_ns = 1000, send_ns = 200, receive_ns = 300, linked_ns = 10}} {
  %stem = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  %left = onnx.Exp(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  %right = onnx.Tanh(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  dataflow.output %left, %right : tensor<4xf32>, tensor<4xf32>
}
