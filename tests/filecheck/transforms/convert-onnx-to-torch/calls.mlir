// RUN: ramiel-opt --convert-onnx-to-torch %s | filecheck %s
// RUN: ramiel-opt --convert-onnx-to-torch %s | ramiel-opt | filecheck %s

// Every onnx operation becomes the torch.calls that it means; names, locations and types stay.
// What the torch dialect does not need to know (weights, constants) is left as it is.

// CHECK:      dataflow.graph @calls(%x : tensor<2x4xf32>) -> (tensor<2x3xf32>)
// CHECK-NEXT:   %w = dataflow.weight "fc.weight" : tensor<3x4xf32>
// CHECK-NEXT:   %relu = torch.call "torch.relu"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32> loc("/act/Relu")
// CHECK-NEXT:   %fc = torch.call "torch.nn.functional.linear"(%relu, %w)
// CHECK-SAME:     -> tensor<2x3xf32> loc("/fc/Gemm")
// CHECK-NEXT:   dataflow.output %fc : tensor<2x3xf32>
dataflow.graph @calls(%x : tensor<2x4xf32>) -> (tensor<2x3xf32>) attributes {weights = "calls.onnx"} {
  %w = dataflow.weight "fc.weight" : tensor<3x4xf32>
  %relu = onnx.Relu(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32> loc("/act/Relu")
  %fc = onnx.Gemm(%relu, %w, _) {transB = 1} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32> loc("/fc/Gemm")
  dataflow.output %fc : tensor<2x3xf32>
}
