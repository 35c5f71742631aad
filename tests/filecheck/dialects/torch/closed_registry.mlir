// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s
// RUN: not ramiel-opt --cluster -t pytorch %s 2>&1 | filecheck %s --check-prefix PRINTED

// The callee is a key of a closed registry: a text cannot name code of its own, and the message
// says on which line it tries to.

// CHECK: "os.system" is not a registered callee
// PRINTED:     closed_registry.mlir:12
// PRINTED:     "os.system" is not a registered callee
// PRINTED-NOT: import
dataflow.graph @system(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "os.system"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// Python's builtins, and text that would be code inside an expression, are no keys either.

// CHECK: "eval" is not a registered callee
dataflow.graph @builtin(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "eval"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: is not a registered callee
dataflow.graph @injection(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "torch.relu(x); import os #"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
