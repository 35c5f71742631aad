// RUN: ramiel-opt --record-clusters %s | filecheck %s
// RUN: ramiel-opt --record-clusters --outline-constants -t 'pytorch{directory="%t"}' %s | filecheck %s --check-prefix PYTHON

// A cluster with prepared weights does the same in each call, so its calls can be replayed: the
// attribute says so, and the program's class with it.  One without prepared weights stays as it is.

task.program @prepared(%x : tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) {
  task.cluster @cluster_0 {
    %conv = dataflow.constant dense<2.0> : tensor<1x1x1x1xf32>
    %p = torch.prepare "operators.pack_conv2d"(%conv) {input_shape = [1, 1, 2, 2]} : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %y = torch.call "operators.conv2d"(%x, %p) : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
    task.output %y, 0 : tensor<1x1x2x2xf32>
  }
  task.cluster @cluster_1 {
    %z = torch.call "torch.relu"(%x) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
    task.output %z, 1 : tensor<1x1x2x2xf32>
  }
}

// CHECK: task.cluster @cluster_0 attributes {task.recorded} {
// CHECK: task.cluster @cluster_1 {

// PYTHON:      Cluster(cluster_0, reads=("x",), prepare=layouts.cluster_0, recorded=True),
// PYTHON-NEXT: Cluster(cluster_1, reads=("x",)),
