// RUN: ramiel-opt --cse %s | filecheck %s
// RUN: ramiel-opt --dce %s | filecheck %s

// Two draws are two draws: random operators have an effect, so that they are never merged, and
// never dropped, though nobody reads them; nor is an If that holds one.

dataflow.graph @random(%c : tensor<i1>) -> (tensor<2xf32>) {
  %a = onnx.RandomNormal() {shape = [2]} : () -> tensor<2xf32>
  %b = onnx.RandomNormal() {shape = [2]} : () -> tensor<2xf32>
  %unread = onnx.RandomNormal() {shape = [2]} : () -> tensor<2xf32>
  %branch = onnx.If(%c) : (tensor<i1>) -> tensor<2xf32> else_branch {
    dataflow.output %a : tensor<2xf32>
  } then_branch {
    %drawn = onnx.RandomUniform() {shape = [2]} : () -> tensor<2xf32>
    dataflow.output %drawn : tensor<2xf32>
  }
  %0 = onnx.Sub(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// CHECK:      %a = onnx.RandomNormal()
// CHECK-NEXT: %b = onnx.RandomNormal()
// CHECK-NEXT: %unread = onnx.RandomNormal()
// CHECK:      onnx.If(%c)
// CHECK:      onnx.RandomUniform()
// CHECK:      onnx.Sub(%a, %b)
