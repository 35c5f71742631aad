// RUN: ramiel-opt --clone %s 2>/dev/null | filecheck %s

// The graph's attribute `machine` says what is cheap: a fifth of a message of 10,000, 2,000, on two cores
// that slow each other down by a quarter.  Two copies of 1,600 take as long as 2,000 then.

// CHECK-COUNT-2: onnx.Relu(%x)
// CHECK-COUNT-1: onnx.Neg(%x)
// CHECK-NOT: onnx.Neg
dataflow.graph @scale(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {machine = {cores = 2, slowdown = [1.0, 1.25], message_ns = 10000}} {
  %s = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1600]}
  %t = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1700]}
  %a = onnx.Add(%s, %t) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %b = onnx.Sub(%s, %t) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80000]}
  dataflow.output %a, %b : tensor<4xf32>, tensor<4xf32>
}
