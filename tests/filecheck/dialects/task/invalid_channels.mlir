// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// A channel has one sender and one receiver, in different clusters, and carries its own type.

// CHECK: channel %c has 2 senders, it needs one
task.program @two_senders(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
    task.send %x, %c : tensor<4xf32>
  }
  task.cluster @b {
    %0 = task.recv %c : tensor<4xf32>
    task.output %0, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: channel %c has 0 senders, it needs one
task.program @no_sender() -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @b {
    %0 = task.recv %c : tensor<4xf32>
    task.output %0, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: channel %c has 0 receivers, it needs one
task.program @no_receiver(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
    task.output %x, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: channel %c has 2 receivers, it needs one
task.program @two_receivers(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
  }
  task.cluster @b {
    %0 = task.recv %c : tensor<4xf32>
    %1 = task.recv %c : tensor<4xf32>
    task.output %0, 0 : tensor<4xf32>
    task.output %1, 1 : tensor<4xf32>
  }
}

// -----

// CHECK: @a sends a message to itself
task.program @itself(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
    %0 = task.recv %c : tensor<4xf32>
    task.output %0, 0 : tensor<4xf32>
  }
}

// -----

// CHECK: sends another type than its channel carries
"task.program"() <{sym_name = "wrong_send", function_type = (tensor<4xf32>) -> ()}> ({
^bb0(%x : tensor<4xf32>):
  %c = "task.channel"() : () -> !task.channel<tensor<5xf32>>
  "task.cluster"() <{sym_name = "a"}> ({
    "task.send"(%x, %c) : (tensor<4xf32>, !task.channel<tensor<5xf32>>) -> ()
  }) : () -> ()
  "task.cluster"() <{sym_name = "b"}> ({
    %0 = "task.recv"(%c) : (!task.channel<tensor<5xf32>>) -> tensor<5xf32>
  }) : () -> ()
}) : () -> ()

// -----

// CHECK: receives another type than its channel carries
"task.program"() <{sym_name = "wrong_recv", function_type = (tensor<4xf32>) -> ()}> ({
^bb0(%x : tensor<4xf32>):
  %c = "task.channel"() : () -> !task.channel<tensor<4xf32>>
  "task.cluster"() <{sym_name = "a"}> ({
    "task.send"(%x, %c) : (tensor<4xf32>, !task.channel<tensor<4xf32>>) -> ()
  }) : () -> ()
  "task.cluster"() <{sym_name = "b"}> ({
    %0 = "task.recv"(%c) : (!task.channel<tensor<4xf32>>) -> tensor<5xf32>
  }) : () -> ()
}) : () -> ()

// -----

// In the terse text the type is the message's, so the parser finds it.
// CHECK: previously used or defined with type
task.program @wrong_text(%x : tensor<4xf32>) -> () {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<5xf32>
  }
}

// -----

// CHECK: expected !task.channel<…>
task.program @no_channel_type() -> () {
  %c = task.channel : tensor<4xf32>
}

// -----

// A message is one per call: it cannot stand in a region that runs more or less often.
// CHECK: 'task.send' expects parent op 'task.cluster'
task.program @inside(%x : tensor<4xf32>, %p : tensor<i1>) -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    %0 = onnx.If(%p) : (tensor<i1>) -> tensor<4xf32> else_branch {
      dataflow.output %x : tensor<4xf32>
    } then_branch {
      task.send %x, %c : tensor<4xf32>
      dataflow.output %x : tensor<4xf32>
    }
    task.output %0, 0 : tensor<4xf32>
  }
  task.cluster @b {
    %1 = task.recv %c : tensor<4xf32>
  }
}

// -----

// What xDSL itself stumbles over is said at its place, too.
// CHECK: invalid_channels.mlir:141
// CHECK: cannot be parsed
task.program @bare() -> () {
  %c = task.channel : !task.channel
}
