// RUN: ramiel-opt --split-input-file --convert-onnx-to-torch %s | filecheck %s

// CHECK: dataflow.graph @first
// CHECK: torch.call "torch.relu"
// CHECK: dataflow.graph @second
// CHECK: torch.call "torch.sigmoid"
dataflow.graph @first(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

dataflow.graph @second(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Sigmoid(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
