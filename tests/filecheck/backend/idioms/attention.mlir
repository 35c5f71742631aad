// RUN: ramiel-opt --fuse-attention --dce --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// Two products with a softmax between them are F.scaled_dot_product_attention.

dataflow.graph @net(%q : tensor<1x2x5x16xf32>, %k : tensor<1x2x5x16xf32>, %v : tensor<1x2x5x16xf32>) -> (tensor<1x2x5x16xf32>) {
  %scale = dataflow.constant dense<0.25> : tensor<f32>
  %t = onnx.Transpose(%k) {perm = [0, 1, 3, 2]} : (tensor<1x2x5x16xf32>) -> tensor<1x2x16x5xf32>
  %products = onnx.MatMul(%q, %t) : (tensor<1x2x5x16xf32>, tensor<1x2x16x5xf32>) -> tensor<1x2x5x5xf32>
  %scores = onnx.Mul(%products, %scale) : (tensor<1x2x5x5xf32>, tensor<f32>) -> tensor<1x2x5x5xf32>
  %weights = onnx.Softmax(%scores) {axis = -1} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %y = onnx.MatMul(%weights, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x16xf32>
  dataflow.output %y : tensor<1x2x5x16xf32>
}

// CHECK: return F.scaled_dot_product_attention(q, k, v, scale=0.25)
