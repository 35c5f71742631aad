// RUN: ramiel-opt --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// What keeps the batch and joins the rest is `x.flatten(1)`.

dataflow.graph @net(%x : tensor<2x4x3xf32>) -> (tensor<2x12xf32>) {
  %y = onnx.Flatten(%x) {axis = 1} : (tensor<2x4x3xf32>) -> tensor<2x12xf32>
  dataflow.output %y : tensor<2x12xf32>
}

// CHECK: return x.flatten(1)
