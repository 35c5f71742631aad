// RUN: ramiel-opt --choose-kernels %s | filecheck %s

// Attention is two products of matrices and a softmax of oneDNN's, called directly; with a mask of
// future positions, or heads that share keys, it stays PyTorch's.

dataflow.graph @attention(%q : tensor<1x2x8x4xf32>, %mask : tensor<1x1x8x8xf32>) -> (tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>) {
  %y = torch.call "torch.nn.functional.scaled_dot_product_attention"(%q, %q, %q, attn_mask = %mask) {scale = 0.5 : f64} : (tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>, tensor<1x1x8x8xf32>) -> tensor<1x2x8x4xf32>
  %z = torch.call "torch.nn.functional.scaled_dot_product_attention"(%q, %q, %q) {is_causal = true} : (tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32>
  dataflow.output %y, %z : tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>
}

// CHECK:      %y = torch.call "operators.onednn_attention"(%q, %q, %q, attn_mask = %mask) {scale = 0.5
// CHECK-NEXT: %z = torch.call "torch.nn.functional.scaled_dot_product_attention"(%q, %q, %q) {is_causal
