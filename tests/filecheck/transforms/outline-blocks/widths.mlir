// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' %s | filecheck %s
// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' %s | ramiel-opt -p 'outline-blocks{min_calls=2}' | filecheck %s
// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' -t 'pytorch{style="module" class-name="Net"}' %s | filecheck %s --check-prefix=MODULE
// RUN: ramiel-opt -p 'outline-blocks{min_calls=2}' -t 'pytorch{style="script"}' %s | filecheck %s --check-prefix=SCRIPT

// Blocks of one wiring and different widths are one function: what differs is unknown in its types,
// and a stride that differs is a setting.  Style module has the widths as arguments.  Blocks with
// different names are called after what they do.

dataflow.graph @net(%image : tensor<1x3x8x8xf32>) -> (tensor<1x6x4x4xf32>) {
  %w0 = dataflow.weight "a.conv.weight" : tensor<4x3x3x3xf32>
  %a0 = torch.call "torch.nn.functional.conv2d"(%image, %w0) {padding = 1} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/a/conv/Conv")
  %a1 = torch.call "torch.relu"(%a0) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/a/Relu")
  %w1 = dataflow.weight "b.conv.weight" : tensor<6x4x3x3xf32>
  %b0 = torch.call "torch.nn.functional.conv2d"(%a1, %w1) {stride = 2, padding = 1} : (tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x4x4xf32> loc("/b/conv/Conv")
  %b1 = torch.call "torch.relu"(%b0) : (tensor<1x6x4x4xf32>) -> tensor<1x6x4x4xf32> loc("/b/Relu")
  dataflow.output %b1 : tensor<1x6x4x4xf32>
}

// CHECK:      torch.function @conv_relu(%x : tensor<1x?x8x8xf32>, %stride : index, %conv_weight : tensor<?x?x3x3xf32>) -> (tensor<1x?x?x?xf32>) attributes {settings = ["stride"], parameters = ["conv.weight"]} {
// CHECK-NEXT:   %conv = torch.call "torch.nn.functional.conv2d"(%x, %conv_weight)[%stride] {{.*}}stride = #torch.size<0>
// CHECK:      torch.invoke @conv_relu "a"(%image, %w0)[1] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
// CHECK:      torch.invoke @conv_relu "b"({{.*}}, %w1)[2] : (tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x4x4xf32>

// MODULE:      class ConvRelu(nn.Module):
// MODULE:          def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
// MODULE:              self.conv = nn.Conv2d(
// MODULE-NEXT:             in_channels, out_channels, 3, stride=stride, padding=1, bias=False
// MODULE:          def forward(self, x: Tensor) -> Tensor:
// MODULE-NEXT:         conv = self.conv(x)
// MODULE-NEXT:         return torch.relu(conv)
// MODULE:              self.a = ConvRelu(3, 4)
// MODULE-NEXT:         self.b = ConvRelu(4, 6, stride=2)

// SCRIPT:      def run_conv_relu(module: str, x: Tensor, stride: int) -> Tensor:
// SCRIPT:          conv = F.conv2d(x, w[f"{module}.conv.weight"], stride=stride, padding=1)
// SCRIPT:          a = run_conv_relu("a", image, stride=1)
// SCRIPT-NEXT:     return run_conv_relu("b", a, stride=2)
