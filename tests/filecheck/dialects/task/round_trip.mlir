// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s
// RUN: ramiel-opt --print-op-generic %s | ramiel-opt | filecheck %s

// Clusters run side by side; a channel carries one value from one to another.

// CHECK:      task.program @two(%x : tensor<4xf32>, %y : tensor<2x?xf16, ["n"]>) -> (tensor<4xf32>)
// CHECK-SAME:   attributes {opset = {ai.onnx = 17}, input_names = ["x", "y"], output_names = ["z"]} {
task.program @two(%x : tensor<4xf32>, %y : tensor<2x?xf16, ["n"]>) -> (tensor<4xf32>)
    attributes {opset = {ai.onnx = 17}, input_names = ["x", "y"], output_names = ["z"]} {
  // CHECK-NEXT: %channel = task.channel : !task.channel<tensor<4xf32>>
  %channel = task.channel : !task.channel<tensor<4xf32>>
  // CHECK-NEXT: task.cluster @cluster_0 attributes {cost_ns = 3} {
  task.cluster @cluster_0 attributes {cost_ns = 3} {
    // CHECK-NEXT: %a = onnx.Relu(%x)
    %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
    // CHECK-NEXT: task.send %a, %channel : tensor<4xf32> loc("/relu")
    task.send %a, %channel : tensor<4xf32> loc("/relu")
  // CHECK-NEXT: }
  }
  // CHECK-NEXT: task.cluster @cluster_1 width 2 {
  task.cluster @cluster_1 width 2 {
    // CHECK-NEXT: %b = task.recv %channel : tensor<4xf32>
    %b = task.recv %channel : tensor<4xf32>
    // CHECK-NEXT: task.output %b, 0 : tensor<4xf32>
    task.output %b, 0 : tensor<4xf32>
  }
  // CHECK-NEXT: }
  // CHECK-NEXT: task.cluster @idle {
  task.cluster @idle {
  }
}
