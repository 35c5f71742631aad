// RUN: ramiel-opt -t 'pytorch{directory="%t"}' %s | filecheck %s

// A cluster that is wider than one core says so: its operators use that many threads.

task.program @wide(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @cluster_0 width 2 {
    %y = torch.call "torch.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    task.output %y, 0 : tensor<4xf32>
  }
}

// CHECK: clusters = (Cluster(cluster_0, reads=("x",), width=2),)
