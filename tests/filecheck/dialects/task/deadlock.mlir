// RUN: ramiel-opt --verify-diagnostics --split-input-file %s | filecheck %s

// Each cluster waits for the other before it sends.

// CHECK: deadlock: {{(@a, @b|@b, @a)}} wait for each other
task.program @cross(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  %d = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    %0 = task.recv %d : tensor<4xf32>
    task.send %x, %c : tensor<4xf32>
    task.output %0, 0 : tensor<4xf32>
  }
  task.cluster @b {
    %1 = task.recv %c : tensor<4xf32>
    task.send %1, %d : tensor<4xf32>
  }
}

// -----

// Three in a ring, with other work before.

// CHECK: deadlock: @{{.*}}, @{{.*}}, @{{.*}} wait for each other
task.program @ring(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %ab = task.channel : !task.channel<tensor<4xf32>>
  %bc = task.channel : !task.channel<tensor<4xf32>>
  %ca = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    %0 = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = task.recv %ca : tensor<4xf32>
    task.send %0, %ab : tensor<4xf32>
    task.output %1, 0 : tensor<4xf32>
  }
  task.cluster @b {
    %2 = task.recv %ab : tensor<4xf32>
    task.send %2, %bc : tensor<4xf32>
  }
  task.cluster @c {
    %3 = task.recv %bc : tensor<4xf32>
    task.send %3, %ca : tensor<4xf32>
  }
}

// -----

// Sends never wait: to send first and to receive then is fine.

// CHECK: task.program @exchange
task.program @exchange(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  %d = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
    %0 = task.recv %d : tensor<4xf32>
    task.output %0, 0 : tensor<4xf32>
  }
  task.cluster @b {
    task.send %x, %d : tensor<4xf32>
    %1 = task.recv %c : tensor<4xf32>
    task.output %1, 1 : tensor<4xf32>
  }
}
