// RUN: ramiel-opt --cluster %s | filecheck %s

// The graph's attribute `machine` says what messages and calls cost, and how busy cores disturb
// each other: the prediction takes it into account.

// The call takes 50, %stem until 152 with 2 to send it.  The message is on its way for 15 of its 20:
// until then %left runs alone.  From 167 on both run at half speed; %left has 85 left and ends at
// 337, %right, with 3 to receive, has 18 left then and ends at 355.


// CHECK: predicted_serial_ns = 300, predicted_makespan_ns = 355
dataflow.graph @branches(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {machine = {cores = 2, slowdown = [1.0, 2.0], message_ns = 20, send_ns = 2, receive_ns = 3, call_ns = 50}} {
  %stem = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  %left = onnx.Exp(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  %right = onnx.Tanh(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  dataflow.output %left, %right : tensor<4xf32>, tensor<4xf32>
}
