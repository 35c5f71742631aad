// RUN: ramiel-opt --channels-last %s | filecheck %s

// A picture gets its channels innermost where it comes in, or out of a reshape; convolutions hand
// that layout on.  All readers share one conversion.

dataflow.graph @borders(%x : tensor<1x8x8x8xf32>) -> (tensor<1x8x8x8xf32>, tensor<1x8x16x4xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<8x8x1x1xf32>
  %a = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %b = torch.call "operators.conv2d"(%a, %w, add = %x) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %r = torch.call "Tensor.reshape"(%b) {shape = [1, 8, 16, 4]} : (tensor<1x8x8x8xf32>) -> tensor<1x8x16x4xf32>
  %c = torch.call "operators.conv2d"(%r, %w) : (tensor<1x8x16x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x16x4xf32>
  dataflow.output %b, %c : tensor<1x8x8x8xf32>, tensor<1x8x16x4xf32>
}

// CHECK:      %x_1 = torch.call "channels_last"(%x)
// CHECK-NEXT: %a = torch.call "operators.conv2d"(%x_1, %w)
// CHECK-NEXT: %b = torch.call "operators.conv2d"(%a, %w, add = %x)
// CHECK-NEXT: %r = torch.call "Tensor.reshape"(%b)
// CHECK-NEXT: %r_1 = torch.call "channels_last"(%r)
// CHECK-NEXT: %c = torch.call "operators.conv2d"(%r_1, %w)
