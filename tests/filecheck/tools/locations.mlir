// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s
// RUN: ramiel-opt --convert-onnx-to-torch --estimate-cost --cluster %s | ramiel-opt | filecheck %s --check-prefix PASSES

// Locations are printed unasked, and only where they are known.

// CHECK: %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/block/Relu")
// CHECK: %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32>{{$}}
// PASSES: %a = torch.call "torch.relu"(%x) {{.*}} loc("/block/Relu")
dataflow.graph @located(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/block/Relu")
  %b = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %b : tensor<4xf32>
}
