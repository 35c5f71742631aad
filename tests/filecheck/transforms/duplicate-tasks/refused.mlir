// RUN: ramiel-opt -p 'duplicate-tasks{message-ns=100}' --split-input-file %s 2>&1 | filecheck %s

// A random operation gives other numbers each time: it runs once, whatever a message costs.

task.program @random(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %cs = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @cluster_0 {
    %s = onnx.RandomNormalLike(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %s, %cs : tensor<4xf32>
    %a = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80]}
    task.output %a, 0 : tensor<4xf32>
  }
  task.cluster @cluster_1 {
    %r = task.recv %cs : tensor<4xf32>
    %b = onnx.Cos(%r) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80]}
    task.output %b, 1 : tensor<4xf32>
  }
}

// CHECK:      predicted_makespan_ns = 190
// CHECK-COUNT-1: onnx.RandomNormalLike
// CHECK-NOT:  onnx.RandomNormalLike

// -----

// Nor is an operation copied that costs more than its message, or one whose reader can wait.

task.program @dear(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %cs = task.channel : !task.channel<tensor<4xf32>>
  %ct = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @cluster_0 {
    %s = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [110]}
    task.send %s, %cs : tensor<4xf32>
    %t = onnx.Tan(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %t, %ct : tensor<4xf32>
    %a = onnx.Exp(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [500]}
    task.output %a, 0 : tensor<4xf32>
  }
  task.cluster @cluster_1 {
    %r = task.recv %cs : tensor<4xf32>
    %v = task.recv %ct : tensor<4xf32>
    %b = onnx.Add(%r, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80]}
    task.output %b, 1 : tensor<4xf32>
  }
}

// CHECK:      predicted_makespan_ns = 620
// CHECK-NOT:  clone
