// RUN: ramiel-opt --cluster %s | filecheck %s
// RUN: ramiel-opt --cluster %s 2>&1 >/dev/null | filecheck %s --check-prefix REMARK

// Without costs every operation counts as 1 and the longest path is the critical one.  Nothing
// is predicted from costs that nobody measured.

// REMARK: remark: 3 of 3 operations have no cost: they count as 1 ns

dataflow.graph @unknown(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %short = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %long = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %longer = onnx.Tanh(%long) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %short, %longer : tensor<4xf32>, tensor<4xf32>
}

// CHECK-NOT:  predicted
// CHECK:      task.cluster @cluster_0 {
// CHECK:      task.cluster @cluster_1 {
