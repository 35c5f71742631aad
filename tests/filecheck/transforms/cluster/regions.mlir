// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// An operation with regions is one task; values that its regions capture are what it reads, so
// they are received before it.

dataflow.graph @branch(%condition : tensor<i1>, %x : tensor<4xf32>) -> (tensor<4xf32>) {
  %long = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [50]}
  %short = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %y = onnx.If(%condition) : (tensor<i1>) -> tensor<4xf32> attributes {cost = [30]} else_branch {
    dataflow.output %long : tensor<4xf32>
  } then_branch {
    %inner = onnx.Relu(%short) : (tensor<4xf32>) -> tensor<4xf32>
    dataflow.output %inner : tensor<4xf32>
  }
  dataflow.output %y : tensor<4xf32>
}

// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   %long = onnx.Exp(%x)
// CHECK-NEXT:   [[SHORT:%.*]] = task.recv
// CHECK-NEXT:   %y = onnx.If(%condition)
// CHECK:          dataflow.output %long
// CHECK:          %inner = onnx.Relu([[SHORT]])
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   [[SHORT:%.*]] = onnx.Sin(%x)
// CHECK-NEXT:   task.send [[SHORT]]
