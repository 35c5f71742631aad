// RUN: not ramiel-opt --convert-onnx-to-torch %s 2>&1 | filecheck %s

// What a pass or a target refuses is said below its line, too.

// CHECK:      source_lines_of_passes.mlir:10:3
// CHECK-NEXT: %y = onnx.Conv
// CHECK-NEXT: ^
// CHECK-NEXT: has a kernel of 0 dimensions
dataflow.graph @kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Conv(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
