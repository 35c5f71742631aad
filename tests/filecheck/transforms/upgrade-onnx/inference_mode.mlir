// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// BatchNormalization and Dropout had no training_mode: one that gives more results, or says
// is_test = 0, trains, and stays.

dataflow.graph @inference(%x : tensor<2x3xf32>, %s : tensor<3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = onnx.BatchNormalization_v9(%x, %s, %s, %s, %s) {epsilon = 1.0e-03} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %1 = onnx.Dropout_v7(%0) {ratio = 0.3} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = onnx.Dropout_v6(%1) {is_test = 0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  dataflow.output %1, %2 : tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK:      %0 = onnx.BatchNormalization(%x, %s, %s, %s, %s) {epsilon = 0.001}
// CHECK-NEXT: %1 = onnx.Dropout(%0) :
// CHECK-NEXT: %2 = onnx.Dropout_v6(%1) {is_test = 0}
