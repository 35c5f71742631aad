// RUN: ramiel-opt --fuse-gelu --dce --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// What exporters spell with erf is F.gelu.

dataflow.graph @net(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %root = dataflow.constant dense<1.41421354> : tensor<f32>
  %one = dataflow.constant dense<1.0> : tensor<f32>
  %half = dataflow.constant dense<0.5> : tensor<f32>
  %a = onnx.Div(%x, %root) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = onnx.Erf(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %c = onnx.Add(%b, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %d = onnx.Mul(%x, %c) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %y = onnx.Mul(%d, %half) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// CHECK:      def model(x: Tensor) -> Tensor:
// CHECK-NEXT:     """
// CHECK-NEXT:     return F.gelu(x)
