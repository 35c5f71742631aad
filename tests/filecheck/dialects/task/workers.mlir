// RUN: ramiel-opt --verify-diagnostics --split-input-file %s | filecheck %s

// Two samples: worker_0 begins sample 1 while it waits for sample 0's message.

// CHECK: task.worker @worker_0
task.program @fine(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 2, batch_inputs = [0]} {
  %c = task.channel : !task.channel<tensor<1xf32>>
  %d = task.channel : !task.channel<tensor<1xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<1xf32>
    task.stage
    %0 = task.recv %d : tensor<1xf32>
    task.output %0, 0 : tensor<1xf32>
  }
  task.cluster @b {
    %1 = task.recv %c : tensor<1xf32>
    task.send %1, %d : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 0 sample 0
    task.run @a stage 0 sample 1
    task.run @a stage 1 sample 1
    task.run @a stage 1 sample 0
  }
  task.worker @worker_1 {
    task.run @b stage 0 sample 1
    task.run @b stage 0 sample 0
  }
}

// -----

// worker_0 wants sample 0's answer before it sends sample 1, worker_1 the question of sample 1 first.

// CHECK: deadlock: {{.*}}@a of sample 0{{.*}}wait for each other
task.program @cross(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 2, batch_inputs = [0]} {
  %c = task.channel : !task.channel<tensor<1xf32>>
  %d = task.channel : !task.channel<tensor<1xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<1xf32>
    task.stage
    %0 = task.recv %d : tensor<1xf32>
    task.output %0, 0 : tensor<1xf32>
  }
  task.cluster @b {
    %1 = task.recv %c : tensor<1xf32>
    task.send %1, %d : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 0 sample 0
    task.run @a stage 1 sample 0
    task.run @a stage 0 sample 1
    task.run @a stage 1 sample 1
  }
  task.worker @worker_1 {
    task.run @b stage 0 sample 1
    task.run @b stage 0 sample 0
  }
}

// -----

// CHECK: no worker runs @a stage 0 sample 1
task.program @missing(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 2, batch_inputs = [0]} {
  task.cluster @a {
    task.output %x, 0 : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 0 sample 0
  }
}

// -----

// CHECK: two workers run @a of sample 0
task.program @torn(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 1, batch_inputs = [0]} {
  task.cluster @a {
    task.stage
    task.output %x, 0 : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 0 sample 0
  }
  task.worker @worker_1 {
    task.run @a stage 1 sample 0
  }
}

// -----

// CHECK: @a of sample 0 runs stage 1 where stage 0 is next
task.program @order(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 1, batch_inputs = [0]} {
  task.cluster @a {
    task.stage
    task.output %x, 0 : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 1 sample 0
    task.run @a stage 0 sample 0
  }
}

// -----

// CHECK: there is no sample 3
task.program @sample(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 1, batch_inputs = [0]} {
  task.cluster @a {
    task.output %x, 0 : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 0 sample 3
  }
}

// -----

// CHECK: batch_inputs must list positions of arguments
task.program @inputs(%x : tensor<1xf32>) -> (tensor<1xf32>) attributes {samples = 1, batch_inputs = [7]} {
  task.cluster @a {
    task.output %x, 0 : tensor<1xf32>
  }
  task.worker @worker_0 {
    task.run @a stage 0 sample 0
  }
}

// -----

// CHECK: there are stages, but no task.worker runs them
task.program @stages(%x : tensor<1xf32>) -> (tensor<1xf32>) {
  task.cluster @a {
    task.stage
    task.output %x, 0 : tensor<1xf32>
  }
}
