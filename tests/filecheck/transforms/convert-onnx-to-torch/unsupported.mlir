// RUN: not ramiel-opt --convert-onnx-to-torch %s 2>&1 | filecheck %s
// RUN: not ramiel-opt --convert-onnx-to-torch %s 2>&1 >/dev/null | wc -l | filecheck %s --check-prefix LINES

// All operators that have no meaning are listed at once, with node names and versions, below the line of the first.

// CHECK:      ramiel-opt: {{.*}}unsupported.mlir:15:3
// CHECK-NEXT:   %b = "onnx.custom"(%a)
// CHECK-NEXT:   ^
// CHECK-NEXT:   2 nodes cannot be compiled:
// CHECK-NEXT:   node '/second/Wobble' (com.acme.Wobble, version 3): is not supported
// CHECK-NEXT:   node '/third/Decode' (ImageDecoder, opset version 20): is not supported
// LINES: 7
dataflow.graph @unsupported(%x : tensor<4xf32>, %f : tensor<9xui8>) -> (tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/first/Relu")
  %b = "onnx.custom"(%a) <{domain = "com.acme", op_type = "Wobble", version = 3 : i64, node_attributes = {}}> : (tensor<4xf32>) -> tensor<4xf32> loc("/second/Wobble")
  %i = onnx.ImageDecoder(%f) : (tensor<9xui8>) -> tensor<?x?x?xui8> loc("/third/Decode")
  dataflow.output %b : tensor<4xf32>
}
