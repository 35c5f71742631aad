// RUN: not ramiel-opt --convert-onnx-to-torch %s 2>&1 | filecheck %s

// A model that declares a shape which its operators cannot give is wrong; the node is named, below its line.

// CHECK:      ramiel-opt: {{.*}}contradiction.mlir:10:3
// CHECK-NEXT:   %y = onnx.Relu(%x)
// CHECK-NEXT:   ^
// CHECK-NEXT:   node '/act/Relu' (Relu, opset version 14) has shape [2, 3], the model says [2, 4]
dataflow.graph @contradiction(%x : tensor<2x3xf32>) -> (tensor<2x4xf32>) {
  %y = onnx.Relu(%x) : (tensor<2x3xf32>) -> tensor<2x4xf32> loc("/act/Relu")
  dataflow.output %y : tensor<2x4xf32>
}
