// RUN: ramiel-opt --verify-diagnostics %s | filecheck %s
// RUN: not ramiel-opt %s 2>&1 >/dev/null | filecheck %s

// An error that a test expects is its output; otherwise it ends the run with one message.

// CHECK:      dataflow.output %x : tensor<4xf32>
// CHECK-NEXT: ^
// CHECK-NEXT: dataflow.output does not match the graph's result types
dataflow.graph @types(%x : tensor<4xf32>) -> (tensor<5xf32>) {
  dataflow.output %x : tensor<4xf32>
}
