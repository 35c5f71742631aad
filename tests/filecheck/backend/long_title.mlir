// RUN: ramiel-opt %s -t pytorch | filecheck %s

// A title that does not fit into a line says how many clusters there are in a paragraph of its own.

task.program @a_network_whose_name_is_long_enough_to_fill_most_of_a_line_of_code(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @cluster_0 {
    %y = torch.call "torch.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    task.output %y, 0 : tensor<4xf32>
  }
}

// CHECK: """ANetworkWhoseNameIsLongEnoughToFillMostOfALineOfCode, from a model in memory.
// CHECK-EMPTY:
// CHECK-NEXT: One cluster.
// CHECK-EMPTY:
// CHECK-NEXT: from a_network_whose_name_is_long_enough_to_fill_most_of_a_line_of_code import Model
