// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' %s | filecheck %s
// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' %s | ramiel-opt -p 'outline-blocks{min_calls=2}' | filecheck %s
// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' -t 'pytorch{style="module" class-name="Net"}' %s | filecheck %s --check-prefix=MODULE
// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' -t 'pytorch{style="script"}' %s | filecheck %s --check-prefix=SCRIPT

// A number that differs in the blocks inside is a setting of the blocks around them, too.

dataflow.graph @net(%image : tensor<1x4x8x8xf32>) -> (tensor<1x4x8x8xf32>) {
  %w0 = dataflow.weight "cell0.first.conv.weight" : tensor<4x4x3x3xf32>
  %a0 = torch.call "torch.nn.functional.conv2d"(%image, %w0) {padding = 1} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/cell0/first/conv/Conv")
  %a1 = torch.call "torch.relu"(%a0) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/cell0/first/Relu")
  %w1 = dataflow.weight "cell0.second.conv.weight" : tensor<4x4x3x3xf32>
  %a2 = torch.call "torch.nn.functional.conv2d"(%a1, %w1) {padding = 1} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/cell0/second/conv/Conv")
  %a3 = torch.call "torch.relu"(%a2) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/cell0/second/Relu")
  %a4 = torch.call "operator.add"(%a3, %image) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/cell0/Add")
  %w2 = dataflow.weight "cell1.first.conv.weight" : tensor<4x4x5x5xf32>
  %b0 = torch.call "torch.nn.functional.conv2d"(%a4, %w2) {padding = 2} : (tensor<1x4x8x8xf32>, tensor<4x4x5x5xf32>) -> tensor<1x4x8x8xf32> loc("/cell1/first/conv/Conv")
  %b1 = torch.call "torch.relu"(%b0) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/cell1/first/Relu")
  %w3 = dataflow.weight "cell1.second.conv.weight" : tensor<4x4x5x5xf32>
  %b2 = torch.call "torch.nn.functional.conv2d"(%b1, %w3) {padding = 2} : (tensor<1x4x8x8xf32>, tensor<4x4x5x5xf32>) -> tensor<1x4x8x8xf32> loc("/cell1/second/conv/Conv")
  %b3 = torch.call "torch.relu"(%b2) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/cell1/second/Relu")
  %b4 = torch.call "operator.add"(%b3, %a4) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/cell1/Add")
  dataflow.output %b4 : tensor<1x4x8x8xf32>
}

// CHECK:      torch.function @cell(%x : tensor<1x4x8x8xf32>, %padding : index,
// CHECK-NEXT:   %first = torch.invoke @conv_relu "first"(%x, %first_conv_weight)[%padding] : (tensor<1x4x8x8xf32>, tensor<4x4x?x?xf32>, index) ->
// CHECK-NEXT:   %second = torch.invoke @conv_relu "second"(%first, %second_conv_weight)[%padding]
// CHECK:      torch.invoke @cell "cell0"(%image, %w0, %w1)[1]
// CHECK:      torch.invoke @cell "cell1"({{.*}}, %w2, %w3)[2]

// MODULE:      class Cell(nn.Module):
// MODULE:          def __init__(self, kernel_size: int, padding: int) -> None:
// MODULE-NEXT:         super().__init__()
// MODULE-NEXT:         self.first = ConvRelu(kernel_size, padding)
// MODULE-NEXT:         self.second = ConvRelu(kernel_size, padding)
// MODULE:              self.cell0 = Cell(3, 1)
// MODULE-NEXT:         self.cell1 = Cell(5, 2)

// SCRIPT:      def run_cell(module: str, x: Tensor, padding: int) -> Tensor:
// SCRIPT:          first = run_conv_relu(f"{module}.first", x, padding=padding)
// SCRIPT:          cell0 = run_cell("cell0", image, padding=1)
