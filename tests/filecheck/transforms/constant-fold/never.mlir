// RUN: ramiel-opt --constant-fold %s | filecheck %s

// Never folded: what is random, what holds graphs, what has a result of unknown size.

dataflow.graph @never(%x : tensor<2xf32>) -> (tensor<2xf32>, tensor<1x?xi64>) {
  %a = dataflow.constant dense<[0.0, 2.0]> : tensor<2xf32>
  %c = dataflow.constant dense<true> : tensor<i1>
  %noise = onnx.RandomNormalLike(%a) : (tensor<2xf32>) -> tensor<2xf32>
  %b = onnx.If(%c) : (tensor<i1>) -> tensor<2xf32> else_branch {
    dataflow.output %a : tensor<2xf32>
  } then_branch {
    dataflow.output %noise : tensor<2xf32>
  }
  %indices = onnx.NonZero(%a) : (tensor<2xf32>) -> tensor<1x?xi64>
  dataflow.output %b, %indices : tensor<2xf32>, tensor<1x?xi64>
}

// CHECK: onnx.RandomNormalLike(%a)
// CHECK: onnx.If(%c)
// CHECK: onnx.NonZero(%a)
