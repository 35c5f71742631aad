// RUN: ramiel-opt --outline-blocks -t 'pytorch{style="module" class-name="Net"}' %s | filecheck %s

// Modules of torch.nn where the calls are those, the model's names, a class for a block that
// occurs several times, and a loop where the calls are a chain.

dataflow.graph @net(%image : tensor<1x3x8x8xf32>) -> (tensor<1x4x8x8xf32>) {
  %stem = dataflow.weight "stem.0.weight" : tensor<4x3x3x3xf32>
  %x0 = torch.call "torch.nn.functional.conv2d"(%image, %stem) {stride = [1, 1], padding = [1, 1]} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/stem/stem.0/Conv")
  %w0 = dataflow.weight "blocks.0.conv.weight" : tensor<4x4x1x1xf32>
  %b0 = dataflow.weight "blocks.0.conv.bias" : tensor<4xf32>
  %s0 = dataflow.weight "blocks.0.scale" : tensor<1xf32>
  %c0 = torch.call "torch.nn.functional.conv2d"(%x0, %w0, %b0) : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.0/conv/Conv")
  %r0 = torch.call "torch.relu"(%c0) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.0/Relu")
  %m0 = torch.call "operator.mul"(%r0, %s0) : (tensor<1x4x8x8xf32>, tensor<1xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.0/Mul")
  %y0 = torch.call "operator.add"(%m0, %x0) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.0/Add")
  %w1 = dataflow.weight "blocks.1.conv.weight" : tensor<4x4x1x1xf32>
  %b1 = dataflow.weight "blocks.1.conv.bias" : tensor<4xf32>
  %s1 = dataflow.weight "blocks.1.scale" : tensor<1xf32>
  %c1 = torch.call "torch.nn.functional.conv2d"(%y0, %w1, %b1) : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.1/conv/Conv")
  %r1 = torch.call "torch.relu"(%c1) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.1/Relu")
  %m1 = torch.call "operator.mul"(%r1, %s1) : (tensor<1x4x8x8xf32>, tensor<1xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.1/Mul")
  %y1 = torch.call "operator.add"(%m1, %y0) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.1/Add")
  %w2 = dataflow.weight "blocks.2.conv.weight" : tensor<4x4x1x1xf32>
  %b2 = dataflow.weight "blocks.2.conv.bias" : tensor<4xf32>
  %s2 = dataflow.weight "blocks.2.scale" : tensor<1xf32>
  %c2 = torch.call "torch.nn.functional.conv2d"(%y1, %w2, %b2) : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.2/conv/Conv")
  %r2 = torch.call "torch.relu"(%c2) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.2/Relu")
  %m2 = torch.call "operator.mul"(%r2, %s2) : (tensor<1x4x8x8xf32>, tensor<1xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.2/Mul")
  %y2 = torch.call "operator.add"(%m2, %y1) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/blocks/blocks.2/Add")
  dataflow.output %y2 : tensor<1x4x8x8xf32>
}

// CHECK:      class Block(nn.Module):
// CHECK-NEXT:     """blocks.0, and 2 more like it."""
// CHECK:          def __init__(self) -> None:
// CHECK-NEXT:         super().__init__()
// CHECK-NEXT:         self.conv = nn.Conv2d(4, 4, 1)
// CHECK-NEXT:         self.scale = nn.Parameter(torch.empty(1))
// CHECK:          def forward(self, x: Tensor) -> Tensor:
// CHECK-NEXT:         conv = self.conv(x)
// CHECK-NEXT:         relu = torch.relu(conv)
// CHECK-NEXT:         mul = relu * self.scale
// CHECK-NEXT:         return mul + x
// CHECK:      class Net(nn.Module):
// CHECK:              self.stem = Group(nn.Conv2d(3, 4, 3, padding=1, bias=False))
// CHECK-NEXT:         self.blocks = nn.ModuleList(Block() for _ in range(3))
// CHECK:          def forward(self, image: Tensor) -> Tensor:
// CHECK-NEXT:         x0 = self.stem[0](image)  # [1, 4, 8, 8]
// CHECK-NEXT:         block_output = x0
// CHECK-NEXT:         for block in self.blocks:
// CHECK-NEXT:             block_output = block(block_output)
// CHECK-NEXT:         return block_output
// CHECK:          def load(cls, file: str | Path = WEIGHTS) -> Net:
