// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// New operands have the data's element type; a bound that was not there is absent.

dataflow.graph @bounds(%x : tensor<4xf16>) -> (tensor<6xf16>) {
  %0 = onnx.Clip_v6(%x) {max = 6.0} : (tensor<4xf16>) -> tensor<4xf16>
  %1 = onnx.Pad_v2(%0) {pads = [1, 1], value = 0.5} : (tensor<4xf16>) -> tensor<6xf16>
  dataflow.output %1 : tensor<6xf16>
}

// CHECK:      %max = dataflow.constant dense<6.000000e+00> : tensor<f16>
// CHECK-NEXT: %0 = onnx.Clip(%x, _, %max)
// CHECK-NEXT: %pads = dataflow.constant dense<1> : tensor<2xi64>
// CHECK-NEXT: %value = dataflow.constant dense<5.000000e-01> : tensor<f16>
// CHECK-NEXT: %1 = onnx.Pad(%0, %pads, %value)
