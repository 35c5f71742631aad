// RUN: ramiel-opt --convert-onnx-to-torch --dce -t 'pytorch{style="script"}' %s | filecheck %s

// One item of an axis is `x[:, -1]`, part of one a slice.

dataflow.graph @net(%x : tensor<2x5x4xf32>) -> (tensor<2x4xf32>, tensor<2x3x4xf32>) {
  %last = dataflow.constant dense<-1> : tensor<i64>
  %item = onnx.Gather(%x, %last) {axis = 1} : (tensor<2x5x4xf32>, tensor<i64>) -> tensor<2x4xf32>
  %from = dataflow.constant dense<[1]> : tensor<1xi64>
  %to = dataflow.constant dense<[4]> : tensor<1xi64>
  %axis = dataflow.constant dense<[1]> : tensor<1xi64>
  %part = onnx.Slice(%x, %from, %to, %axis, _) : (tensor<2x5x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x4xf32>
  dataflow.output %item, %part : tensor<2x4xf32>, tensor<2x3x4xf32>
}

// CHECK:      item = x[:, -1]
// CHECK-NEXT: part = x[:, 1:4]
