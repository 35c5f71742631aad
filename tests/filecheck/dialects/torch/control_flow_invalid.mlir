// RUN: ramiel-opt %s --verify-diagnostics --split-input-file | filecheck %s

dataflow.graph @one_branch_short(%c : tensor<i1>, %x : tensor<2xf32>) -> (tensor<2xf32>) {
  // CHECK: each branch hands out a value for each result
  %0 = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    dataflow.output %x : tensor<2xf32>
  } else {
    dataflow.output
  }
  dataflow.output %0 : tensor<2xf32>
}

// -----

dataflow.graph @endless(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  // CHECK: a for needs its number of iterations
  %0 = torch.for(_, %x) : (tensor<2xf32>) -> tensor<2xf32> do {
  ^bb0(%i : index, %s : tensor<2xf32>):
    dataflow.output %s : tensor<2xf32>
  }
  dataflow.output %0 : tensor<2xf32>
}

// -----

dataflow.graph @no_index(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  // CHECK: the body takes the index and the carried values
  %0 = torch.for(_, %x) {trips = 2} : (tensor<2xf32>) -> tensor<2xf32> do {
  ^bb0(%s : tensor<2xf32>):
    dataflow.output %s : tensor<2xf32>
  }
  dataflow.output %0 : tensor<2xf32>
}
