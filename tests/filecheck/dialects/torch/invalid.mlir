// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// A call must fit its callee's signature, as in Python.

// CHECK: torch.relu has no parameter 'inplace'
dataflow.graph @unknown_literal(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "torch.relu"(%x) {inplace = true} : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: torch.relu has no parameter 'out'
dataflow.graph @unknown_keyword(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "torch.relu"(%x, out = %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: torch.relu takes fewer operands
dataflow.graph @too_many(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "torch.relu"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: operator.add needs 'other'
dataflow.graph @too_few(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "operator.add"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: torch.nn.functional.linear gets 'bias' twice
dataflow.graph @twice(%x : tensor<4x4xf32>) -> (tensor<4x4xf32>) {
  %y = torch.call "torch.nn.functional.linear"(%x, %x, bias = %x) {bias = 1} : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  dataflow.output %y : tensor<4x4xf32>
}

// -----

// CHECK: torch has no dtype 'system'
dataflow.graph @dtype(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "Tensor.to"(%x) {dtype = #torch.dtype<system>} : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: bias is no literal: @other
dataflow.graph @symbol(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "operators.shrink"(%x) {bias = @other, lambd = 0.5} : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: no index: 'torch.relu'
dataflow.graph @index(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "Tensor.__getitem__"(%x) {index = ["torch.relu"]} : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
