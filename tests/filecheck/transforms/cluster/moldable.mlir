// RUN: ramiel-opt -p 'cluster{algorithm=moldable max-clusters=2 message-ns=10}' %s | filecheck %s

// %a runs in half the time on both cores, so the chain is one wide cluster: 500 ns.  %b and %c gain
// nothing from a second core: side by side they take 1000 ns.  The first stretch ends with %a,
// which is all that later operations read.

dataflow.graph @moldable(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a = torch.call "torch.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000, 500]}
  %b = torch.call "torch.sigmoid"(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000, 1000]}
  %c = torch.call "torch.tanh"(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000, 1000]}
  %d = torch.call "operator.add"(%b, %c) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10, 10]}
  dataflow.output %d : tensor<4xf32>
}

// CHECK:      task.program @moldable
// CHECK-SAME: cores = 2
// CHECK:      task.cluster @cluster_0 width 2 {{.*}}{
// CHECK-NEXT:   torch.call "torch.relu"(%x)
// CHECK:      task.cluster @cluster_1 attributes
// CHECK:        torch.call "torch.{{sigmoid|tanh}}"
// CHECK:      task.cluster @cluster_2 attributes
// CHECK:        torch.call "torch.{{sigmoid|tanh}}"
