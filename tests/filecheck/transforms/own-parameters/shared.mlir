// RUN: ramiel-opt --own-parameters %s --weights-out %t.safetensors | filecheck %s

// Exporters store equal vectors once; every module gets its own again.  A shared matrix stays tied.

dataflow.graph @net(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>) attributes {weights = "Inputs/shared.safetensors"} {
  %bias = dataflow.weight "a.bias" : tensor<4xf32>
  %weight = dataflow.weight "a.weight" : tensor<4x4xf32>
  %0 = torch.call "torch.nn.functional.linear"(%x, %weight, %bias) : (tensor<1x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x4xf32> loc("/a/Gemm")
  %other = dataflow.weight "b.weight" : tensor<4x4xf32>
  %1 = torch.call "torch.nn.functional.linear"(%0, %other, %bias) : (tensor<1x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x4xf32> loc("/b/Gemm")
  %2 = torch.call "torch.nn.functional.linear"(%1, %weight) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32> loc("/c/Gemm")
  dataflow.output %2 : tensor<1x4xf32>
}

// CHECK: torch.call "torch.nn.functional.linear"(%x, %weight, %bias)
// CHECK: %b_bias = dataflow.weight "b.bias" : tensor<4xf32>
// CHECK: torch.call "torch.nn.functional.linear"(%0, %other, %b_bias)
// CHECK: torch.call "torch.nn.functional.linear"(%1, %weight)
