// RUN: ramiel-opt --reduce-precision --weights-out %t.safetensors %s | filecheck %s

// Convolutions compute in bfloat16, and so does what stands between them: conversions are only at the
// model's input and output.  Weights are stored in bfloat16.

dataflow.graph @network(%x : tensor<1x3x8x8xf32>) -> (tensor<1x4x4x4xf32>) attributes {weights = "Inputs/network.safetensors"} {
  %w = dataflow.weight "conv.weight" : tensor<4x3x3x3xf32>
  %b = dataflow.weight "conv.bias" : tensor<4xf32>
  %v = dataflow.weight "next.weight" : tensor<4x4x1x1xf32>
  %conv = torch.call "torch.nn.functional.conv2d"(%x, %w, bias = %b) {padding = 1} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %relu = torch.call "torch.relu"(%conv) : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %pool = torch.call "torch.nn.functional.max_pool2d"(%relu) {kernel_size = 2} : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32>
  %next = torch.call "torch.nn.functional.conv2d"(%pool, %v) : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32>
  %sum = torch.call "operator.add"(%next, %pool) : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  dataflow.output %sum : tensor<1x4x4x4xf32>
}

// CHECK:      %x_1 = torch.call "Tensor.to"(%x) {dtype = #torch.dtype<bfloat16>}
// CHECK-NEXT: %w_1 = dataflow.weight "conv.weight_bf16" : tensor<4x3x3x3xbf16>
// CHECK-NEXT: %b_1 = dataflow.weight "conv.bias_bf16" : tensor<4xbf16>
// CHECK-NEXT: %conv = torch.call "torch.nn.functional.conv2d"(%x_1, %w_1, bias = %b_1) {padding = 1} {{.*}} -> tensor<1x4x8x8xbf16>
// CHECK-NEXT: %relu = torch.call "torch.relu"(%conv) {{.*}} -> tensor<1x4x8x8xbf16>
// CHECK-NEXT: %pool = torch.call "torch.nn.functional.max_pool2d"(%relu) {{.*}} -> tensor<1x4x4x4xbf16>
// CHECK-NEXT: %v_1 = dataflow.weight "next.weight_bf16"
// CHECK-NEXT: %next = torch.call "torch.nn.functional.conv2d"(%pool, %v_1)
// CHECK-NEXT: %sum = torch.call "operator.add"(%next, %pool) {{.*}} -> tensor<1x4x4x4xbf16>
// CHECK-NEXT: %sum_1 = torch.call "Tensor.to"(%sum) {dtype = #torch.dtype<float32>}
// CHECK-NEXT: dataflow.output %sum_1 : tensor<1x4x4x4xf32>
