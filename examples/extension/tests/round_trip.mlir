// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s

dataflow.graph @swish(%x : tensor<2x4xf32>) -> (tensor<2x4xf32>) {
  // CHECK: %y = swish.swish %x {beta = 1.702000e+00 : f64} : tensor<2x4xf32> loc("/mlp/act")
  %y = swish.swish %x {beta = 1.702 : f64} : tensor<2x4xf32> loc("/mlp/act")
  dataflow.output %y : tensor<2x4xf32>
}
