// RUN: ramiel-opt -t pytorch %s | filecheck %s

// The docstring shows when each cluster computes, and counts messages that are too many to list.

task.program @timeline(%x : tensor<1x8xf32>) -> (tensor<1x8xf32>) attributes {input_names = ["x"], output_names = ["y"]} {
  %c = task.channel : !task.channel<tensor<1x8xf32>>
  task.cluster @cluster_0 attributes {cost_ns = 2000000} {
    %a = torch.call "torch.relu"(%x) : (tensor<1x8xf32>) -> tensor<1x8xf32> attributes {cost = [1000000]} loc("/a/Relu")
    %b = task.recv %c : tensor<1x8xf32>
    %y = torch.call "operator.add"(%a, %b) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32> attributes {cost = [1000000]} loc("/Add")
    task.output %y, 0 : tensor<1x8xf32>
  }
  task.cluster @cluster_1 attributes {cost_ns = 1000000} {
    %t = torch.call "torch.tanh"(%x) : (tensor<1x8xf32>) -> tensor<1x8xf32> attributes {cost = [1000000]} loc("/b/Tanh")
    task.send %t, %c : tensor<1x8xf32>
  }
}

// CHECK:          cluster    cores  operations  busy  0 to 2.01 ms
// CHECK-NEXT:     cluster_0  1      2           99 %  ########################################
// CHECK-NEXT:     cluster_1  1      1           49 %  ####################....................
