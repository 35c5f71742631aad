// RUN: ramiel-opt --outline-constants --fuse-linear --dce --weights-out %t.safetensors %s | filecheck %s

// x @ w + b = F.linear(x, wᵀ, b): the weight turns to PyTorch's orientation, out by in.

dataflow.graph @linear(%x : tensor<5x2xf32>) -> (tensor<5x3xf32>) {
  %w = dataflow.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = dataflow.constant dense<[7.0, 8.0, 9.0]> : tensor<3xf32>
  %product = torch.call "operator.matmul"(%x, %w) : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32> loc("/fc/MatMul")
  %sum = torch.call "operator.add"(%b, %product) : (tensor<3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32> loc("/fc/Add")
  dataflow.output %sum : tensor<5x3xf32>
}

// CHECK:      %b = dataflow.weight "b"
// CHECK-NEXT: %w_t = dataflow.weight "w.T" : tensor<3x2xf32>
// CHECK-NEXT: %sum = torch.call "torch.nn.functional.linear"(%x, %w_t, %b) : {{.*}} -> tensor<5x3xf32> loc("/fc/MatMul")
// CHECK-NEXT: dataflow.output %sum
