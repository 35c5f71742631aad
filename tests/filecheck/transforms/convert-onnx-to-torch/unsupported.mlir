// RUN: not ramiel-opt --convert-onnx-to-torch %s 2>&1 | filecheck %s
// RUN: not ramiel-opt --convert-onnx-to-torch %s 2>&1 >/dev/null | wc -l | filecheck %s --check-prefix LINES

// All operators that have no meaning are listed at once, with node names and versions.

// CHECK:      ramiel-opt: 3 nodes cannot be compiled:
// CHECK-NEXT:   node '/second/Wobble' (com.acme.Wobble, version 3): is not supported
// CHECK-NEXT:   node '/third/Split' (StringSplit, opset version 20): is not supported
// CHECK-NEXT:   node '/fourth/Decode' (ImageDecoder, opset version 20): is not supported
// LINES: 4
dataflow.graph @unsupported(%x : tensor<4xf32>, %s : tensor<2x!onnx.string>, %f : tensor<9xui8>) -> (tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/first/Relu")
  %b = "onnx.custom"(%a) <{domain = "com.acme", op_type = "Wobble", version = 3 : i64, node_attributes = {}}> : (tensor<4xf32>) -> tensor<4xf32> loc("/second/Wobble")
  %parts, %counts = onnx.StringSplit(%s) : (tensor<2x!onnx.string>) -> (tensor<2x3x!onnx.string>, tensor<2xi64>) loc("/third/Split")
  %i = onnx.ImageDecoder(%f) : (tensor<9xui8>) -> tensor<?x?x?xui8> loc("/fourth/Decode")
  dataflow.output %b : tensor<4xf32>
}
