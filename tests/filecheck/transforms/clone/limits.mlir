// RUN: ramiel-opt --clone %s | filecheck %s
// RUN: ramiel-opt -p 'clone{max-cost=999}' %s | filecheck %s --check-prefix DEAR
// RUN: ramiel-opt -p 'clone{max-copies=1}' %s 2>&1 | filecheck %s --check-prefix FEW
// RUN: not ramiel-opt -p 'clone{max-cost=-1}' %s 2>&1 | filecheck %s --check-prefix NEGATIVE

// CHECK-COUNT-3: onnx.Relu
// DEAR-COUNT-1: onnx.Relu
// DEAR-NOT: onnx.Relu
// FEW: remark: /scale: not cloned: it has 3 readers, more than max-copies allows
// FEW-COUNT-1: onnx.Relu
// FEW-NOT: onnx.Relu
// NEGATIVE: clone: the limits of cloning cannot be negative

dataflow.graph @limits(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %s = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000]} loc("/scale")
  %a = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %b = onnx.Sin(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80000]}
  %c = onnx.Cos(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [70000]}
  dataflow.output %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
