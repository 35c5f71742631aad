// RUN: ramiel-opt -t pytorch %s | filecheck %s

// Small constants and literals are Python's, with a dtype only where torch would choose another.

task.program @constants(%x : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  task.cluster @cluster_0 {
    %float = dataflow.constant dense<[1.5, -2.0]> : tensor<2xf32>
    %double = dataflow.constant dense<[1.5, -2.0]> : tensor<2xf64>
    %flag = dataflow.constant dense<true> : tensor<i1>
    %a = torch.call "operator.mul"(%x, %float) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %b = torch.call "operator.mul"(%x, %double) : (tensor<2xf32>, tensor<2xf64>) -> tensor<2xf32>
    %c = torch.call "operator.mul"(%x, %flag) : (tensor<2xf32>, tensor<i1>) -> tensor<2xf32>
    %d = torch.call "selu"(%c) {alpha = 0xFFF0000000000000 : f64, gamma = 1.0e-05} : (tensor<2xf32>) -> tensor<2xf32>
    task.output %a, 0 : tensor<2xf32>
    task.output %b, 1 : tensor<2xf32>
    task.output %d, 2 : tensor<2xf32>
  }
}

// CHECK:      float_ = torch.tensor([1.5, -2.0])
// CHECK-NEXT: double = torch.tensor([1.5, -2.0], dtype=torch.float64)
// CHECK-NEXT: flag = torch.tensor(True)
// CHECK-NEXT: a = x * float_
// CHECK-NEXT: b = x * double
// CHECK-NEXT: c = x * flag
// CHECK-NEXT: d = 1e-05 * F.elu(c, alpha=float("-inf"))
