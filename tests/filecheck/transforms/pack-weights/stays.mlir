// RUN: ramiel-opt --pack-weights %s | filecheck %s

// PyTorch's own call stays for a size that is not known, for a weight that is computed, and for other
// types than float32.

dataflow.graph @stays(%any : tensor<?x64x8x8xf32>, %d : tensor<1x64x8x8xf64>, %v : tensor<64x64x3x3xf32>) -> (tensor<?x64x8x8xf32>, tensor<1x64x8x8xf32>, tensor<1x64x8x8xf64>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<64x64x3x3xf32>
  %double = dataflow.weight "double" : tensor<64x64x3x3xf64>
  %b = torch.call "torch.nn.functional.conv2d"(%any, %w) {padding = 1} : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x8x8xf32>
  %c = torch.call "torch.nn.functional.conv2d"(%any, %v) {padding = 1} : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x8x8xf32>
  %e = torch.call "torch.nn.functional.conv2d"(%d, %double) {padding = 1} : (tensor<1x64x8x8xf64>, tensor<64x64x3x3xf64>) -> tensor<1x64x8x8xf64>
  dataflow.output %b, %c, %e : tensor<?x64x8x8xf32>, tensor<1x64x8x8xf32>, tensor<1x64x8x8xf64>
}

// CHECK-NOT: torch.prepare
// CHECK-NOT: "operators.
