// RUN: ramiel-opt --form-swish --split-input-file %s | filecheck %s

// Mul(x, Sigmoid(x)), as PyTorch exports F.silu; the operation keeps the place in the model.

// CHECK-LABEL: dataflow.graph @silu
// CHECK-NEXT:    %y = swish.swish %x {beta = 1.000000e+00 : f64} : tensor<4xf32> loc("/act/Mul")
// CHECK-NEXT:    dataflow.output %y
dataflow.graph @silu(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %s = onnx.Sigmoid(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/act/Sigmoid")
  %y = onnx.Mul(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("/act/Mul")
  dataflow.output %y : tensor<4xf32>
}

// -----

// A factor inside the sigmoid, the operands the other way round.

// CHECK-LABEL: dataflow.graph @quick_gelu
// CHECK:         %y = swish.swish %x {beta = 2.500000e+00 : f64} : tensor<4xf32>
// CHECK-NEXT:    dataflow.output %y
dataflow.graph @quick_gelu(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %b = dataflow.constant dense<2.5> : tensor<f32>
  %p = onnx.Mul(%b, %x) : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %s = onnx.Sigmoid(%p) : (tensor<4xf32>) -> tensor<4xf32>
  %y = onnx.Mul(%s, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// A gate of another tensor is no swish.

// CHECK-LABEL: dataflow.graph @gate
// CHECK-NOT:     swish.swish
dataflow.graph @gate(%x : tensor<4xf32>, %g : tensor<4xf32>) -> (tensor<4xf32>) {
  %s = onnx.Sigmoid(%g) : (tensor<4xf32>) -> tensor<4xf32>
  %y = onnx.Mul(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
