// RUN: ramiel-opt --cluster %s | filecheck %s

// An integer that is computed from the shapes of the program's arguments is no task: each cluster
// that reads it computes it, and no message carries it.

// CHECK-NOT: task.channel : !task.channel<index>
// CHECK:     task.cluster @cluster_0
// CHECK:       torch.call "integer.size"(%x) {dim = 0}
// CHECK:     task.cluster @cluster_1
// CHECK:       torch.call "integer.size"(%x) {dim = 0}
dataflow.graph @given(%x : tensor<?x4xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %n = torch.call "integer.size"(%x) {dim = 0} : (tensor<?x4xf32>) -> index
  %a = torch.call "torch.exp"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> attributes {cost = [90000]}
  %b = torch.call "torch.tanh"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> attributes {cost = [90000]}
  %p = torch.call "Tensor.reshape"(%a)[%n] {shape = [4, #torch.size<0>]} : (tensor<?x4xf32>, index) -> tensor<?x?xf32> attributes {cost = [1000]}
  %q = torch.call "Tensor.reshape"(%b)[%n] {shape = [4, #torch.size<0>]} : (tensor<?x4xf32>, index) -> tensor<?x?xf32> attributes {cost = [1000]}
  dataflow.output %p, %q : tensor<?x?xf32>, tensor<?x?xf32>
}
