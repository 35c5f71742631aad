// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// A program that says how many cores it is made for never uses more at the same time.

// Two cores for @wide; then it hands one to @lane, and both run one operation wide side by side.
// The message back hands the core to @wide_again.

// CHECK: task.program @handed_on
task.program @handed_on(%x : tensor<4xf32>) -> (tensor<4xf32>) attributes {cores = 2} {
  %a = task.channel : !task.channel<tensor<4xf32>>
  %b = task.channel : !task.channel<tensor<4xf32>>
  %c = task.channel : !task.channel<tensor<4xf32>>
  %d = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @wide width 2 {
    %0 = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
    task.send %0, %a : tensor<4xf32>
    task.send %0, %b : tensor<4xf32>
    %1 = task.recv %c : tensor<4xf32>
    %2 = task.recv %d : tensor<4xf32>
    %3 = onnx.Add(%1, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    task.output %3, 0 : tensor<4xf32>
  }
  task.cluster @left {
    %4 = task.recv %a : tensor<4xf32>
    %5 = onnx.Exp(%4) : (tensor<4xf32>) -> tensor<4xf32>
    task.send %5, %c : tensor<4xf32>
  }
  task.cluster @right {
    %6 = task.recv %b : tensor<4xf32>
    %7 = onnx.Tanh(%6) : (tensor<4xf32>) -> tensor<4xf32>
    task.send %7, %d : tensor<4xf32>
  }
}

// -----

// The addition waits for @left, not for @right.

// CHECK: operations that can run at the same time use 3 of 2 cores
task.program @too_many(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {cores = 2} {
  %a = task.channel : !task.channel<tensor<4xf32>>
  %b = task.channel : !task.channel<tensor<4xf32>>
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @wide width 2 {
    %0 = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
    task.send %0, %a : tensor<4xf32>
    task.send %0, %b : tensor<4xf32>
    %1 = task.recv %c : tensor<4xf32>
    %2 = onnx.Add(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    task.output %2, 0 : tensor<4xf32>
  }
  task.cluster @left {
    %3 = task.recv %a : tensor<4xf32>
    %4 = onnx.Exp(%3) : (tensor<4xf32>) -> tensor<4xf32>
    task.send %4, %c : tensor<4xf32>
  }
  task.cluster @right {
    %5 = task.recv %b : tensor<4xf32>
    %6 = onnx.Tanh(%5) : (tensor<4xf32>) -> tensor<4xf32>
    task.output %6, 1 : tensor<4xf32>
  }
}
