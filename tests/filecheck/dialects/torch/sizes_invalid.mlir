// RUN: ramiel-opt --verify-diagnostics %s | filecheck %s

// An integer that no literal names would be lost.

// CHECK: each integer has its place in a literal
dataflow.graph @no_place(%x : tensor<?x4xf32>, %n : index) -> (tensor<2x?xf32>) {
  %y = torch.call "Tensor.reshape"(%x)[%n] {shape = [2, -1]} : (tensor<?x4xf32>, index) -> tensor<2x?xf32>
  dataflow.output %y : tensor<2x?xf32>
}
