// RUN: ramiel-opt --pack-weights %s | filecheck %s

// A convolution by oneDNN reads its weight in oneDNN's layout.  The layout is made when the model is
// loaded, for one shape of the input: that is torch.prepare, which is no task of any worker.

dataflow.graph @convolution(%x : tensor<1x64x8x8xf32>) -> (tensor<1x64x4x4xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "conv.weight" : tensor<64x64x3x3xf32>
  %b = dataflow.weight "conv.bias" : tensor<64xf32>
  %y = torch.call "torch.nn.functional.conv2d"(%x, %w, bias = %b) {stride = 2, padding = 1} : (tensor<1x64x8x8xf32>, tensor<64x64x3x3xf32>, tensor<64xf32>) -> tensor<1x64x4x4xf32> loc("/conv")
  dataflow.output %y : tensor<1x64x4x4xf32>
}

// CHECK:      %w_1 = torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 64, 8, 8], stride = 2, padding = 1} : (tensor<64x64x3x3xf32>) -> tensor<64x64x3x3xf32>
// CHECK-NEXT: %y = torch.call "operators.conv2d"(%x, %w_1, %b) {stride = 2, padding = 1} : {{.*}} loc("/conv")
// CHECK-NEXT: dataflow.output %y
