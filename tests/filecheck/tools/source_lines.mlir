// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// What is wrong is said below the line that it stands on, as MLIR's tools do.

// A deadlock: a receive that waits for ever.
// CHECK:      source_lines.mlir:19:5
// CHECK-NEXT: %1 = task.recv %c
// CHECK-NEXT: ^
// CHECK-NEXT: deadlock: @b, @a wait for each other
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

// The second sender; a receive without a send; a send without a receive.

// CHECK:      task.send %x, %c {{.*}}
// CHECK-NEXT: ^
// CHECK-NEXT: channel %c has 2 senders, it needs one
task.program @two_senders(%x : tensor<4xf32>) -> () {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
    task.send %x, %c : tensor<4xf32>
  }
}

// -----

// CHECK:      %c = task.channel
// CHECK-NEXT: ^
// CHECK-NEXT: channel %c has 0 senders, it needs one
task.program @no_sender() -> () {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @b {
    %0 = task.recv %c : tensor<4xf32>
  }
}

// -----

// CHECK:      %c = task.channel
// CHECK-NEXT: ^
// CHECK-NEXT: channel %c has 0 receivers, it needs one
task.program @no_receiver(%x : tensor<4xf32>) -> () {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @a {
    task.send %x, %c : tensor<4xf32>
  }
}

// -----

// A type that is not that of the graph's result.

// CHECK:      dataflow.output %x : tensor<4xf32>
// CHECK-NEXT: ^
// CHECK-NEXT: dataflow.output does not match the graph's result types
dataflow.graph @types(%x : tensor<4xf32>) -> (tensor<5xf32>) {
  dataflow.output %x : tensor<4xf32>
}

// -----

// An operand that is missing: its operation's line, not the next one.

// CHECK:      %y = onnx.Conv(%x)
// CHECK-NEXT: ^
// CHECK-NEXT: Conv: needs operand 1 (W)
dataflow.graph @operand(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Conv(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// A value that nobody defines: where it is read, not the end of the text.

// CHECK:      %y = onnx.Add(%x, %ghost)
// CHECK-NEXT: ^^^^^^
// CHECK-NEXT: values used but not defined: [%ghost]
dataflow.graph @undefined(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Add(%x, %ghost) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// A value that is defined below its reader.

// CHECK:      %y = onnx.Relu(%z)
// CHECK-NEXT: ^
// CHECK-NEXT: onnx.Relu reads a value that is not defined before it
dataflow.graph @order(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%z) : (tensor<4xf32>) -> tensor<4xf32>
  %z = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// Text that is no operation.

// CHECK:      %y = onnx.Relu(%x : tensor<4xf32>
// CHECK-NEXT: ^
// CHECK-NEXT: ')' expected
dataflow.graph @cut(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x : tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
