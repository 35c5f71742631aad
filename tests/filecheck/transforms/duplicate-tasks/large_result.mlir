// RUN: ramiel-opt -p 'cluster{message-ns=5 message-ns-per-byte=1.0}' %s | filecheck %s --check-prefix BEFORE
// RUN: ramiel-opt -p 'cluster{message-ns=5 message-ns-per-byte=1.0},duplicate-tasks{message-ns=5 message-ns-per-byte=1.0}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster{message-ns=5 message-ns-per-byte=1.0},duplicate-tasks{max-copies=0 message-ns=5 message-ns-per-byte=1.0}' %s | filecheck %s --check-prefix BEFORE
// RUN: ramiel-opt -p 'cluster{message-ns=5 message-ns-per-byte=1.0},duplicate-tasks{min-gain-percent=70 message-ns=5 message-ns-per-byte=1.0}' %s | filecheck %s --check-prefix BEFORE
// RUN: not ramiel-opt -p 'cluster,duplicate-tasks{max-copies=-1}' %s 2>&1 | filecheck %s --check-prefix NEGATIVE

// s takes 10 and its result has 100 bytes, so that the message takes 105.  cluster_1 would wait
// for it longer than s takes:
//
//   cluster_0  | s 10 | a 50         |
//   cluster_1         . - - - message 105 - - - | b 50         |     165
//
// With a copy of s in cluster_1 nobody waits, and the channel is gone:
//
//   cluster_0  | s 10 | a 50         |
//   cluster_1  | s 10 | b 50         |                                60
//
// That saves 63 per cent.  The copy has a mark, and the location and cost of the operation.

// BEFORE:     predicted_makespan_ns = 165
// BEFORE-NEXT: task.channel
// BEFORE-COUNT-1: onnx.Sin
// BEFORE-NOT: onnx.Sin

// CHECK:      task.program @wide{{.*}}predicted_serial_ns = 110, predicted_makespan_ns = 60
// CHECK-NOT:  task.channel
// CHECK:      task.cluster @cluster_0 attributes {cost_ns = 60}
// CHECK-NEXT:   [[S:%.*]] = onnx.Sin(%x) {{.*}} attributes {cost = [10]} loc("/s")
// CHECK-NEXT:   onnx.Exp([[S]])
// CHECK:      task.cluster @cluster_1 attributes {cost_ns = 60}
// CHECK-NEXT:   [[T:%.*]] = onnx.Sin(%x) {{.*}} attributes {cost = [10], clone = 1} loc("/s")
// CHECK-NEXT:   onnx.Cos([[T]])

// NEGATIVE: ramiel-opt: duplicate-tasks: max-copies must be at least 0, not -1

dataflow.graph @wide(%x : tensor<25xf32>) -> (tensor<25xf32>, tensor<25xf32>) {
  %s = onnx.Sin(%x) : (tensor<25xf32>) -> tensor<25xf32> attributes {cost = [10]} loc("/s")
  %a = onnx.Exp(%s) : (tensor<25xf32>) -> tensor<25xf32> attributes {cost = [50]}
  %b = onnx.Cos(%s) : (tensor<25xf32>) -> tensor<25xf32> attributes {cost = [50]}
  dataflow.output %a, %b : tensor<25xf32>, tensor<25xf32>
}
