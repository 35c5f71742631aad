// RUN: ramiel-opt -p 'cluster,hypercluster{batch=2}' %s | filecheck %s
// RUN: not ramiel-opt -p 'cluster,hypercluster{batch=2 switched=true}' %s 2>&1 | filecheck %s --check-prefix SWITCHED

// Random operations keep their order: those of all samples are on one worker, which switching would
// undo.

// CHECK:      task.worker @worker_0
// CHECK-NEXT:   task.run @cluster_0 stage 0 sample 0
// CHECK-NEXT:   task.run @cluster_0 stage 0 sample 1

// SWITCHED: hypercluster: operations with side effects of different samples would run side by side

dataflow.graph @random(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>) {
  %a = onnx.RandomNormalLike(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  dataflow.output %a : tensor<1x4xf32>
}
