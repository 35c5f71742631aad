// RUN: ramiel-opt -t 'pytorch{style="module" class-name="Net"}' %s | filecheck %s

// Numbered modules that only hand their result on are nn.Sequential: also those without parameters,
// and nn.Identity where the model has nothing any more.  What something else reads, too, stays open.

dataflow.graph @net(%image : tensor<1x3x8x8xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) {
  %w = dataflow.weight "stem.0.weight" : tensor<4x3x3x3xf32>
  %a = torch.call "torch.nn.functional.conv2d"(%image, %w) {padding = [1, 1]} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/stem/stem.0/Conv")
  %b = torch.call "torch.relu"(%a) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/stem/stem.2/Relu")
  %c = torch.call "torch.nn.functional.max_pool2d"(%b) {kernel_size = [2, 2], stride = [2, 2]} : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32> loc("/stem/stem.3/MaxPool")
  %v = dataflow.weight "open.0.weight" : tensor<4x4x1x1xf32>
  %d = torch.call "torch.nn.functional.conv2d"(%c, %v) : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32> loc("/open/open.0/Conv")
  %e = torch.call "torch.relu"(%d) : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> loc("/open/open.1/Relu")
  dataflow.output %c, %d, %e : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>
}

// CHECK:          self.stem = nn.Sequential(
// CHECK-NEXT:         nn.Conv2d(3, 4, 3, padding=1, bias=False),
// CHECK-NEXT:         nn.Identity(),
// CHECK-NEXT:         nn.ReLU(),
// CHECK-NEXT:         nn.MaxPool2d(2, stride=2),
// CHECK-NEXT:     )
// CHECK-NEXT:     self.open = Group(nn.Conv2d(4, 4, 1, bias=False))
// CHECK:          stem = self.stem(image)  # [1, 4, 4, 4]
// CHECK-NEXT:     d = self.open[0](stem)
// CHECK-NEXT:     e = torch.relu(d)
// CHECK-NEXT:     return stem, d, e
