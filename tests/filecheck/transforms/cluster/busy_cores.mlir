// RUN: ramiel-opt -p 'cluster{algorithm=portfolio max-clusters=2}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{algorithm=list max-clusters=2}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{algorithm=moldable max-clusters=2}' %s | filecheck %s --check-prefix WIDE
// RUN: ramiel-opt -p 'cluster{algorithm=linear}' %s | filecheck %s --check-prefix LINEAR

// Two branches of 100 that gain a fifth from a second core, on a machine whose cores slow each other
// down: with both busy everything takes 2.1 times as long.

// Side by side, as linear clustering has it, both end at 210.  So list scheduling and the portfolio
// keep one worker, which takes 200; and a moldable schedule runs one after the other on both cores, which takes 160.

// LINEAR: predicted_serial_ns = 200, predicted_makespan_ns = 210
// LINEAR: task.cluster @cluster_1

// CHECK: predicted_serial_ns = 200, predicted_makespan_ns = 200
// CHECK: task.cluster @cluster_0 attributes {cost_ns = 200}
// CHECK-NOT: task.cluster

// WIDE: predicted_makespan_ns = 160
// WIDE: task.cluster @cluster_0 width 2
// WIDE-NOT: task.cluster

dataflow.graph @branches(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {machine = {cores = 2, slowdown = [1.0, 2.1], message_ns = 0}} {
  %left = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100, 80]}
  %right = onnx.Tanh(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100, 80]}
  dataflow.output %left, %right : tensor<4xf32>, tensor<4xf32>
}
