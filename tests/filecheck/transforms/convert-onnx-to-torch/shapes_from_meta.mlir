// RUN: ramiel-opt --convert-onnx-to-torch --split-input-file %s | filecheck %s

// A call's type is what the call itself gives for its operands' shapes: it fills in what the model
// left open, and the graph's own result type follows.

// CHECK: dataflow.graph @unknown(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>)
// CHECK: torch.call "torch.relu"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
dataflow.graph @unknown(%x : tensor<2x3xf32>) -> (tensor<*xf32>) {
  %y = onnx.Relu(%x) : (tensor<2x3xf32>) -> tensor<*xf32>
  dataflow.output %y : tensor<*xf32>
}

// -----

// Where the call cannot say more, the model's type stays.

// CHECK: dataflow.graph @declared(%x : tensor<?x3xf32>) -> (tensor<?x3xf32>)
// CHECK: torch.call "torch.relu"(%x) : (tensor<?x3xf32>) -> tensor<?x3xf32>
dataflow.graph @declared(%x : tensor<?x3xf32>) -> (tensor<?x3xf32>) {
  %y = onnx.Relu(%x) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  dataflow.output %y : tensor<?x3xf32>
}
