// RUN: ramiel-opt --integer-shapes --convert-onnx-to-torch --dce -t 'pytorch{style="script"}' %s | filecheck %s

// The size of an axis is `x.shape[0]`, an integer where it is used.

dataflow.graph @net(%x : tensor<?x4x2xf32>, %y : tensor<?xf32>) -> (tensor<?x8xf32>) {
  %shape = onnx.Shape(%x) {end = 1, start = 0} : (tensor<?x4x2xf32>) -> tensor<1xi64>
  %rest = dataflow.constant dense<[8]> : tensor<1xi64>
  %sizes = onnx.Concat(%shape, %rest) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %flat = onnx.Reshape(%x, %sizes) : (tensor<?x4x2xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  dataflow.output %flat : tensor<?x8xf32>
}

// CHECK:      x_dim0 = x.shape[0]
// CHECK-NEXT: return x.reshape(x_dim0, 8)
