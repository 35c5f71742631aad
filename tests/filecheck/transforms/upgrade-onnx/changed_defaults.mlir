// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// Where a default or a spelling changed, the old one is written out.

dataflow.graph @defaults(%x : tensor<1x2x4x4xf32>, %rois : tensor<1x4xf32>, %i : tensor<1xi64>, %grid : tensor<1x4x4x2xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x2x1x1xf32>) {
  %0 = onnx.GridSample_v16(%x, %grid) {mode = "bicubic"} : (tensor<1x2x4x4xf32>, tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %1 = onnx.Concat_v1(%x, %0) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32>
  %2 = onnx.RoiAlign_v10(%x, %rois, %i) : (tensor<1x2x4x4xf32>, tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x2x1x1xf32>
  dataflow.output %1, %2 : tensor<1x4x4x4xf32>, tensor<1x2x1x1xf32>
}

// CHECK:      onnx.GridSample(%x, %grid) {mode = "cubic"}
// CHECK-NEXT: onnx.Concat(%x, %0) {axis = 1}
// CHECK-NEXT: onnx.RoiAlign(%x, %rois, %i) {coordinate_transformation_mode = "output_half_pixel"}
