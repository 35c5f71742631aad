// RUN: ramiel-opt -p 'duplicate-tasks{message-ns=100}' %s | filecheck %s

// t alone would wait in cluster_1 for s, so both are copied.  Then c would wait for u, which nobody
// in cluster_0 reads: it moves to cluster_1.
//
//   before   cluster_0  | s 10 | t 10 | a 60 | u 10 |
//            cluster_1         . - - message 100 - - | b 80 | c 20 |     220
//   after    cluster_0  | s 10 | t 10 | a 60 |
//            cluster_1  | s 10 | t 10 | b 80 | u 10 | c 20 |             130

task.program @chain(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %ct = task.channel : !task.channel<tensor<4xf32>>
  %cu = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @cluster_0 {
    %s = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    %t = onnx.Tan(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %t, %ct : tensor<4xf32>
    %a = onnx.Exp(%t) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [60]}
    task.output %a, 0 : tensor<4xf32>
    %u = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %u, %cu : tensor<4xf32>
  }
  task.cluster @cluster_1 {
    %r = task.recv %ct : tensor<4xf32>
    %b = onnx.Cos(%r) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80]}
    %v = task.recv %cu : tensor<4xf32>
    %c = onnx.Add(%b, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
    task.output %c, 1 : tensor<4xf32>
  }
}

// CHECK:      predicted_serial_ns = 190, predicted_makespan_ns = 130
// CHECK-NOT:  task.channel
// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   onnx.Sin
// CHECK-NEXT:   onnx.Tan
// CHECK-NEXT:   onnx.Exp
// CHECK-NEXT:   task.output
// CHECK-NEXT: }
// CHECK-NEXT: task.cluster @cluster_1
// CHECK-NEXT:   [[S:%.*]] = onnx.Sin(%x) {{.*}}clone = 1
// CHECK-NEXT:   [[T:%.*]] = onnx.Tan([[S]]) {{.*}}clone = 2
// CHECK-NEXT:   [[B:%.*]] = onnx.Cos([[T]])
// CHECK-NEXT:   [[U:%.*]] = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
// CHECK-NEXT:   onnx.Add([[B]], [[U]])
