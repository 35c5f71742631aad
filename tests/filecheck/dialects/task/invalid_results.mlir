// RUN: ramiel-opt --verify-diagnostics --split-input-file %s | filecheck %s

// Each result of a program is written exactly once, with its own type.

// CHECK: result 1 is never written
task.program @never(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  task.cluster @a {
    task.output %x, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: result 0 is written twice
task.program @twice(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @a {
    task.output %x, 0 : tensor<4xf32>
  }
  task.cluster @b {
    task.output %x, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: there is no result 1
task.program @outside(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @a {
    task.output %x, 0 : tensor<4xf32>
    task.output %x, 1 : tensor<4xf32>
  }
}

// -----

// CHECK: result 0 has another type
task.program @type(%x : tensor<4xf32>) -> (tensor<5xf32>) {
  task.cluster @a {
    task.output %x, 0 : tensor<4xf32>
  }
}
