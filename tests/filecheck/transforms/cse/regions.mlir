// Two loops are one only if their bodies are the same and capture the same values; what a region
// computes is not known outside it.
// RUN: ramiel-opt %s --cse | filecheck %s

dataflow.graph @regions(%c : tensor<i1>, %x : tensor<2xf32>, %y : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  // CHECK: %a = torch.if(%c)
  %a = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    %0 = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %0 : tensor<2xf32>
  } else {
    dataflow.output %x : tensor<2xf32>
  }
  %b = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    %1 = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %1 : tensor<2xf32>
  } else {
    dataflow.output %x : tensor<2xf32>
  }
  // CHECK: %d = torch.if(%c)
  %d = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    %2 = torch.call "torch.relu"(%y) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %2 : tensor<2xf32>
  } else {
    dataflow.output %y : tensor<2xf32>
  }
  // CHECK: %e = torch.call "torch.relu"(%x)
  %e = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  // CHECK: dataflow.output %a, %a, %d, %e
  dataflow.output %a, %b, %d, %e : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
