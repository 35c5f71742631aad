// RUN: ramiel-opt --clone %s | filecheck %s
// RUN: ramiel-opt --clone %s 2>&1 >/dev/null | filecheck %s --check-prefix REMARK

// A copy must not change what is computed, nor add messages.

// REMARK:      remark: /random: not cloned: it may have side effects
// REMARK-NEXT: remark: /sum: not cloned: each copy would need several messages
// REMARK-NEXT: remark: /mean: not cloned: it reads more bytes than it writes

dataflow.graph @refused(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) {
  %r = onnx.RandomNormal() {shape = [4]} : () -> tensor<4xf32> attributes {cost = [10]} loc("/random")
  %a = onnx.Exp(%r) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %b = onnx.Sin(%r) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %s = onnx.Add(%a, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]} loc("/sum")
  %c = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %d = onnx.Sin(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %m = onnx.ReduceMean(%c) : (tensor<4xf32>) -> tensor<1xf32> attributes {cost = [10]} loc("/mean")
  %e = onnx.Exp(%m) : (tensor<1xf32>) -> tensor<1xf32> attributes {cost = [90000]}
  %f = onnx.Sin(%m) : (tensor<1xf32>) -> tensor<1xf32> attributes {cost = [90000]}
  dataflow.output %a, %b, %c, %d, %e, %f : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>
}

// CHECK-COUNT-1: onnx.RandomNormal
// CHECK-COUNT-1: onnx.Add
// CHECK-COUNT-1: onnx.ReduceMean
// CHECK-NOT:     clone
