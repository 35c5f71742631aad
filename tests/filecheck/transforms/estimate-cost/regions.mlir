// An if costs its dearer branch, a loop its body as often as it runs (8 times if that is unknown).
// RUN: ramiel-opt %s --estimate-cost | filecheck %s

dataflow.graph @regions(%c : tensor<i1>, %n : tensor<i64>, %x : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  // CHECK: torch.if(%c) {{.*}} attributes {cost = [8002]}
  %0 = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    %a = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %a : tensor<2xf32>
  } else {
    dataflow.output %x : tensor<2xf32>
  }
  // CHECK: torch.for(_, %x) {trips = 3} {{.*}} attributes {cost = [16006]}
  %1 = torch.for(_, %x) {trips = 3} : (tensor<2xf32>) -> tensor<2xf32> do {
  ^bb0(%i : index, %s : tensor<2xf32>):
    %r = torch.call "torch.relu"(%s) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %r : tensor<2xf32>
  }
  // CHECK: torch.while(_, %c, %x) {{.*}} attributes {cost = [36016]}
  %2 = torch.while(_, %c, %x) : (tensor<i1>, tensor<2xf32>) -> tensor<2xf32> do {
  ^bb0(%i : index, %running : tensor<i1>, %s : tensor<2xf32>):
    %r = torch.call "torch.relu"(%s) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %running, %r : tensor<i1>, tensor<2xf32>
  }
  dataflow.output %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
