// RUN: ramiel-opt --reduce-precision --weights-out %t.safetensors %s | filecheck %s

// What stays in float32: softmax, sums of a float32 stream with a product, what is normalized of it.
// A value is converted once, however many products read it; a mask of attention is not converted.

dataflow.graph @block(%x : tensor<1x2x4x4xf32>, %mask : tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) attributes {weights = "Inputs/network.safetensors"} {
  %w = dataflow.weight "dense.weight" : tensor<4x4xf32>
  %s = dataflow.weight "norm.weight" : tensor<4xf32>
  %q = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %k = torch.call "operator.matmul"(%x, %x) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %a = torch.call "torch.nn.functional.scaled_dot_product_attention"(%q, %k, %q, attn_mask = %mask) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32>
  %sum = torch.call "operator.add"(%a, %x) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %n = torch.call "torch.nn.functional.layer_norm"(%sum, weight = %s) {normalized_shape = [4]} : (tensor<1x2x4x4xf32>, tensor<4xf32>) -> tensor<1x2x4x4xf32>
  %p = torch.call "torch.nn.functional.softmax"(%q) {dim = -1} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  dataflow.output %n, %p : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// CHECK:      %x_1 = torch.call "Tensor.to"(%x) {dtype = #torch.dtype<bfloat16>}
// CHECK:      %q = torch.call "torch.nn.functional.linear"(%x_1, %w_1)
// CHECK-NEXT: %k = torch.call "operator.matmul"(%x_1, %x_1)
// CHECK-NEXT: %a = torch.call "torch.nn.functional.scaled_dot_product_attention"(%q, %k, %q, attn_mask = %mask) {{.*}} -> tensor<1x2x4x4xbf16>
// CHECK-NEXT: %a_1 = torch.call "Tensor.to"(%a) {dtype = #torch.dtype<float32>}
// CHECK-NEXT: %sum = torch.call "operator.add"(%a_1, %x) {{.*}} -> tensor<1x2x4x4xf32>
// CHECK-NEXT: %n = torch.call "torch.nn.functional.layer_norm"(%sum, weight = %s) {{.*}} -> tensor<1x2x4x4xf32>
// CHECK-NEXT: %q_1 = torch.call "Tensor.to"(%q) {dtype = #torch.dtype<float32>}
// CHECK-NEXT: %p = torch.call "torch.nn.functional.softmax"(%q_1)
