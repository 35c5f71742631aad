// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// Upsample, and Resize of opset 10, put coordinates at the corner of a pixel, not in its middle.

dataflow.graph @resize(%x : tensor<1x1x2x4xf32>) -> (tensor<1x1x4x8xf32>, tensor<1x1x1x2xf32>) {
  %0 = onnx.Upsample_v7(%x) {scales = [1.0, 1.0, 2.0, 2.0]} : (tensor<1x1x2x4xf32>) -> tensor<1x1x4x8xf32>
  %s = dataflow.constant dense<[1.0, 1.0, 0.5, 0.5]> : tensor<4xf32>
  %1 = onnx.Resize_v10(%x, %s) : (tensor<1x1x2x4xf32>, tensor<4xf32>) -> tensor<1x1x1x2xf32>
  dataflow.output %0, %1 : tensor<1x1x4x8xf32>, tensor<1x1x1x2xf32>
}

// CHECK:      onnx.Resize(%x, _, %scales) {mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"}
// CHECK:      onnx.Resize(%x, _, %s) {mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "ceil"}
