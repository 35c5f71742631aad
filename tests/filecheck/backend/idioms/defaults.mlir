// RUN: ramiel-opt --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// An argument that is PyTorch's default is left out; one number stands for equal ones.

dataflow.graph @net(%x : tensor<1x4x8x8xf32>) -> (tensor<1x4x4x4xf32>) {
  %v = dataflow.weight "plain.weight" : tensor<4x4x1x1xf32>
  %w = dataflow.weight "strided.weight" : tensor<4x4x3x3xf32>
  %a = onnx.Conv(%x, %v, _) {dilations = [1, 1], group = 1, kernel_shape = [1, 1], pads = [0, 0, 0, 0], strides = [1, 1]} : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %b = onnx.Conv(%a, %w, _) {dilations = [1, 1], group = 1, kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x4x4xf32>
  %c = onnx.LeakyRelu(%b) {alpha = 0.01} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  dataflow.output %c : tensor<1x4x4x4xf32>
}

// CHECK:      a = F.conv2d(x, w["plain.weight"])
// CHECK-NEXT: b = F.conv2d(a, w["strided.weight"], stride=2, padding=1)
// CHECK-NEXT: return F.leaky_relu(b)
