// RUN: ramiel-opt --cse %s | filecheck %s

// xDSL's cse merges equal operations on equal operands, weights and constants included.

dataflow.graph @equal(%x : tensor<2xf32>) -> (tensor<2xf32>) attributes {weights = "w.safetensors"} {
  %w = dataflow.weight "w" : tensor<2xf32>
  %same = dataflow.weight "w" : tensor<2xf32>
  %0 = onnx.Add(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.Add(%x, %same) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.Mul(%0, %1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %2 : tensor<2xf32>
}

// CHECK:      %w = dataflow.weight "w"
// CHECK-NEXT: %0 = onnx.Add(%x, %w)
// CHECK-NEXT: [[SQUARE:%.*]] = onnx.Mul(%0, %0)
// CHECK-NEXT: dataflow.output [[SQUARE]]
