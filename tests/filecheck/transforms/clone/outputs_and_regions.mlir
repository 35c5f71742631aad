// RUN: ramiel-opt --clone %s | filecheck %s

// The output of the graph keeps the original; a reader inside a region gets its copy too.

dataflow.graph @inside(%condition : tensor<i1>, %x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %s = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000]}
  %a = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90000]}
  %y = onnx.If(%condition) : (tensor<i1>) -> tensor<4xf32> attributes {cost = [90000]} else_branch {
    dataflow.output %s : tensor<4xf32>
  } then_branch {
    %inner = onnx.Neg(%s) : (tensor<4xf32>) -> tensor<4xf32>
    dataflow.output %inner : tensor<4xf32>
  }
  dataflow.output %s, %a, %y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK:      [[FIRST:%.*]] = onnx.Relu(%x)
// CHECK-NEXT: [[SECOND:%.*]] = onnx.Relu(%x)
// CHECK-NEXT: onnx.Exp([[FIRST]])
// CHECK:        dataflow.output [[SECOND]]
// CHECK:        onnx.Neg([[SECOND]])
// CHECK:      dataflow.output [[FIRST]], %a, %y
