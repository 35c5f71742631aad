// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// CHECK: in @a: onnx.Relu reads a value that is not defined before it
task.program @order(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @a {
    %y = onnx.Relu(%z) : (tensor<4xf32>) -> tensor<4xf32>
    %z = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
    task.output %y, 0 : tensor<4xf32>
  }
}

// -----

// A cluster sees only the arguments, the channels and its own values.
// CHECK: values used but not defined: [%y]
task.program @other_cluster(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @a {
    %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  }
  task.cluster @b {
    task.output %y, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: two clusters are called @a
task.program @names(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @a {
    task.output %x, 0 : tensor<4xf32>
  }
  task.cluster @a {
  }
}

// -----

// CHECK: the width of a cluster is at least 1
task.program @width(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @a width 0 {
    task.output %x, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: onnx.Relu stands outside the clusters
task.program @outside(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  task.cluster @a {
    task.output %x, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: 'task.cluster' expects parent op 'task.program'
builtin.module {
  task.cluster @alone {
  }
}
