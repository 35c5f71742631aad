// RUN: ramiel-opt %s | filecheck %s

// A dynamic dimension may have a name, beside the type: one for each, "" for none.  ONNX's own
// types are sequences, optionals, maps and strings.

dataflow.graph @types(%x : tensor<?x3x?xf32, ["batch", ""]>, %s : tensor<2x!onnx.string>) -> (!onnx.sequence<tensor<?x3x?xf32>>) {
  %0 = onnx.SequenceConstruct(%x) : (tensor<?x3x?xf32, ["batch", ""]>) -> !onnx.sequence<tensor<?x3x?xf32>>
  %1 = onnx.Optional(%0) : (!onnx.sequence<tensor<?x3x?xf32>>) -> !onnx.optional<!onnx.sequence<tensor<?x3x?xf32>>>
  %2 = onnx.Identity(%s) : (tensor<2x!onnx.string>) -> tensor<2x!onnx.string>
  dataflow.output %0 : !onnx.sequence<tensor<?x3x?xf32>>
}

// CHECK:      dataflow.graph @types(%x : tensor<?x3x?xf32, ["batch", ""]>, %s : tensor<2x!onnx.string>)
// CHECK-NEXT: %0 = onnx.SequenceConstruct(%x) : (tensor<?x3x?xf32, ["batch", ""]>) -> !onnx.sequence<tensor<?x3x?xf32>>
// CHECK-NEXT: -> !onnx.optional<!onnx.sequence<tensor<?x3x?xf32>>>
// CHECK-NEXT: %2 = onnx.Identity(%s)
