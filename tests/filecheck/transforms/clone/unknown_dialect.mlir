// RUN: ramiel-opt --allow-unregistered-dialect --clone %s 2>&1 | filecheck %s

// Nobody knows whether an operation of an unregistered dialect has side effects: no copies.

dataflow.graph @foreign(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %s = "vision.next_frame"(%x) {cost = [10]} : (tensor<4xf32>) -> tensor<4xf32>
  %a = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %b = onnx.Sin(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80000]}
  dataflow.output %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CHECK:         remark: {{.*}}: not cloned: it may have side effects
// CHECK-COUNT-1: "vision.next_frame"
// CHECK-NOT:     "vision.next_frame"
