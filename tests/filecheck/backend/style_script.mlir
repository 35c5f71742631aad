// RUN: ramiel-opt --outline-blocks -t 'pytorch{style="script"}' %s | filecheck %s

// One file: a function that takes a module by its name, and a loop where the calls are a chain.

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

// CHECK:      from safetensors.torch import load_file
// CHECK:      w = load_file(Path(__file__).with_name("weights.safetensors"))
// CHECK:      def run_block(module: str, x: Tensor) -> Tensor:
// CHECK-NEXT:     """What 3 modules of the model do; `module` is the one's name."""
// CHECK-NEXT:     conv = F.conv2d(x, w[f"{module}.conv.weight"], w[f"{module}.conv.bias"])
// CHECK-NEXT:     relu = torch.relu(conv)
// CHECK-NEXT:     mul = relu * w[f"{module}.scale"]
// CHECK-NEXT:     return mul + x
// CHECK:      def model(image: Tensor) -> Tensor:
// CHECK:          block_output = x0
// CHECK-NEXT:     for index in range(3):
// CHECK-NEXT:         block_output = run_block(f"blocks.{index}", block_output)
// CHECK-NEXT:     return block_output
// CHECK:      if __name__ == "__main__":
// CHECK-NEXT:     image = torch.randn((1, 3, 8, 8))
// CHECK-NEXT:     with torch.no_grad():
// CHECK-NEXT:         outputs = model(image)
