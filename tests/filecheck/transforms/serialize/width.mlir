// RUN: ramiel-opt -p 'cluster,serialize{width=2}' %s | filecheck %s

// Clusters that do not pay become one, on as many cores as serve its operators best.

dataflow.graph @serial(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a = torch.call "torch.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000, 600]}
  %b = torch.call "torch.tanh"(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1000, 600]}
  %c = torch.call "operator.add"(%a, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10, 10]}
  dataflow.output %c : tensor<4xf32>
}

// CHECK:      task.program @serial{{.*}} predicted_makespan_ns = 1210
// CHECK-NEXT:   task.cluster @cluster_0 width 2
// CHECK-NEXT:     %a = torch.call "torch.relu"
// CHECK-NEXT:     %b = torch.call "torch.tanh"
// CHECK-NEXT:     %c = torch.call "operator.add"
// CHECK-NOT:    task.cluster
