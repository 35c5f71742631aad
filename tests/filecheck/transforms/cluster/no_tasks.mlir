// RUN: ramiel-opt -p 'cluster,merge-clusters' %s | filecheck %s

// A graph that computes nothing still is a program: one cluster, which passes the input on.

dataflow.graph @identity(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  dataflow.output %x : tensor<4xf32>
}

// CHECK:      task.program @identity
// CHECK-NEXT:   task.cluster @cluster_0 {
// CHECK-NEXT:     task.output %x, 0
// CHECK-NEXT:   }
// CHECK-NEXT: }
