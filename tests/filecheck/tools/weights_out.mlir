// RUN: rm -rf %t && mkdir %t && ramiel-opt --outline-constants --weights-out %t/made.safetensors %s > %t/made.mlir
// RUN: filecheck %s --input-file %t/made.mlir
// RUN: ramiel-opt --convert-onnx-to-torch --cluster %t/made.mlir -t 'pytorch{directory="%t/package"}' | filecheck %s --check-prefix PYTHON
// RUN: cmp %t/made.safetensors %t/package/weights.safetensors

// --weights-out writes what passes made, the text refers to it, and the next run reads it there.

// CHECK:  attributes {weights = "made.safetensors"}
// CHECK:  dataflow.weight "scale" : tensor<2xf32>
// PYTHON: y = x * w["scale"]
dataflow.graph @saved(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %scale = dataflow.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %y = onnx.Mul(%x, %scale) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %y : tensor<2xf32>
}
