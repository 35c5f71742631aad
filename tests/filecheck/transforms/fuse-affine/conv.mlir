// RUN: ramiel-opt --fuse-affine %s | filecheck %s

// A BatchNormalization that an exporter took to pieces: the factor and the summand of each channel go
// into the weights and the bias.

dataflow.graph @fuse(%x : tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>) {
  %w = dataflow.constant dense<[[[[3.0]]], [[[5.0]]]]> : tensor<2x1x1x1xf32>
  %factor = dataflow.constant dense<[[[2.0]], [[1.0]]]> : tensor<2x1x1xf32>
  %summand = dataflow.constant dense<[[[[-1.0]], [[5.0]]]]> : tensor<1x2x1x1xf32>
  %conv = onnx.Conv(%x, %w) {group = 1} : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32> loc("/conv")
  %scaled = onnx.Mul(%conv, %factor) : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32> loc("/mul")
  %y = onnx.Add(%summand, %scaled) : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> loc("/add")
  dataflow.output %y : tensor<1x2x4x4xf32>
}

// CHECK:      dataflow.graph @fuse
// CHECK-NEXT:   dataflow.constant dense<{{\[\[\[\[}}6.000000e+00]]], {{\[\[\[}}5.000000e+00]]]]>
// CHECK-NEXT:   dataflow.constant dense<[-1.000000e+00, 5.000000e+00]>
// CHECK-NEXT:   %conv = onnx.Conv({{.*}}) {group = 1} : {{.*}} loc("/conv")
// CHECK-NEXT:   dataflow.output %conv
