// RUN: ramiel-opt -p 'estimate-cost{costs="%S/Inputs/costs.json"}' %s | filecheck %s
// RUN: not ramiel-opt -p 'estimate-cost{costs="%s"}' %s 2>&1 | filecheck %s --check-prefix NONE

// A costs.json goes before the model.  Operations are found by node and callee, in their order
// where several are the same; the model prices what is not in the file.

// NONE: is no file of costs of version 1

// CHECK: dataflow.graph @given{{.*}}machine = {cores = 2, {{.*}}message_ns = 500
dataflow.graph @given(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  // CHECK: torch.call "torch.relu"{{.*}} attributes {cost = [100, 60]}
  %a = torch.call "torch.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("twice")
  // CHECK: torch.call "torch.relu"{{.*}} attributes {cost = [200]}
  %b = torch.call "torch.relu"(%a) : (tensor<4xf32>) -> tensor<4xf32> loc("twice")
  // CHECK: torch.call "torch.sigmoid"{{.*}} attributes {cost = [4004]}
  %c = torch.call "torch.sigmoid"(%b) : (tensor<4xf32>) -> tensor<4xf32> loc("other")
  dataflow.output %c : tensor<4xf32>
}
