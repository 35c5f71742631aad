// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s
// RUN: ramiel-opt --print-op-generic %s | ramiel-opt | filecheck %s

// Weights are names in a file, small constants stand in the text.

// CHECK:      dataflow.graph @tiny(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>)
// CHECK-SAME:   attributes {weights = "tiny.onnx", opset = {ai.onnx = 17}, input_names = ["x"], output_names = ["y"], producer = "pytorch"} {
dataflow.graph @tiny(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>)
    attributes {weights = "tiny.onnx", opset = {ai.onnx = 17}, input_names = ["x"],
                output_names = ["y"], producer = "pytorch"} {
  // CHECK-NEXT: %w = dataflow.weight "linear.weight" : tensor<4x4xf32> attributes {note = "kept"} loc("linear.weight")
  %w = dataflow.weight "linear.weight" : tensor<4x4xf32> attributes {note = "kept"} loc("linear.weight")
  // CHECK-NEXT: %shape = dataflow.constant dense<[1, -1]> : tensor<2xi64> attributes {note = "kept"}
  %shape = dataflow.constant dense<[1, -1]> : tensor<2xi64> attributes {note = "kept"}
  // CHECK-NEXT: %product = onnx.MatMul(%x, %w)
  %product = onnx.MatMul(%x, %w) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32> loc("/MatMul")
  // CHECK-NEXT: %flat = onnx.Reshape(%product, %shape)
  %flat = onnx.Reshape(%product, %shape) : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<1x4xf32>
  // CHECK-NEXT: dataflow.output %flat : tensor<1x4xf32>
  dataflow.output %flat : tensor<1x4xf32>
}

// CHECK: dataflow.graph @empty() -> () {
dataflow.graph @empty() -> () {
  // CHECK-NEXT: dataflow.output
  dataflow.output
}
