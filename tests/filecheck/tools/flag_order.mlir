// RUN: ramiel-opt --convert-onnx-to-torch --cluster %s | filecheck %s
// RUN: ramiel-opt --cluster --convert-onnx-to-torch %s | filecheck %s --check-prefix CLUSTERED
// RUN: not ramiel-opt --cluster -p dce %s 2>&1 | filecheck %s --check-prefix MIX
// RUN: not ramiel-opt --no-such-pass %s 2>&1 | filecheck %s --check-prefix UNKNOWN
// RUN: not ramiel-opt -p no-such-pass %s 2>&1 | filecheck %s --check-prefix UNKNOWN-NAME

// Passes run in the order of their flags, and a flag does not take the file behind it for its own.

// CHECK:     task.cluster
// CHECK:     torch.call "torch.relu"

// Clustering knows no operator; lowering works on graphs, of which none is left.
// CLUSTERED: task.cluster
// CLUSTERED: onnx.Relu

// MIX: ramiel-opt: give the passes as flags or with -p, not both
// UNKNOWN: unrecognized arguments: --no-such-pass
// UNKNOWN-NAME: ramiel-opt: {{.*}}no-such-pass
dataflow.graph @order(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
