// RUN: ramiel-opt -p 'duplicate-tasks{message-ns=100}' %s | filecheck %s

// A result of the program stays where it is written, though its only reader has a copy.  A weight
// that the copy reads comes with it.  A receive that only orders (%done) stays, and what it waits for.

task.program @kept(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {weights = "kept.safetensors"} {
  %cs = task.channel : !task.channel<tensor<4xf32>>
  %token = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @cluster_0 {
    %w = dataflow.weight "scale" : tensor<4xf32>
    %s = onnx.Mul(%x, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.output %s, 0 : tensor<4xf32>
    task.send %s, %cs : tensor<4xf32>
    %e = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %e, %token : tensor<4xf32>
  }
  task.cluster @cluster_1 {
    %r = task.recv %cs : tensor<4xf32>
    %b = onnx.Cos(%r) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [200]}
    %done = task.recv %token : tensor<4xf32>
    %c = onnx.Exp(%b) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [80]}
    task.output %c, 1 : tensor<4xf32>
  }
}

// CHECK:      predicted_makespan_ns = 290
// CHECK-NEXT: [[TOKEN:%.*]] = task.channel : !task.channel<tensor<4xf32>>
// CHECK-NOT:  task.channel
// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   dataflow.weight "scale"
// CHECK-NEXT:   [[S:%.*]] = onnx.Mul
// CHECK-NEXT:   task.output [[S]], 0
// CHECK-NEXT:   onnx.Neg
// CHECK-NEXT:   task.send {{.*}}, [[TOKEN]]
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   [[W:%.*]] = dataflow.weight "scale"
// CHECK-NEXT:   [[T:%.*]] = onnx.Mul(%x, [[W]]) {{.*}}clone = 1
// CHECK-NEXT:   onnx.Cos([[T]])
// CHECK-NEXT:   task.recv [[TOKEN]]
// CHECK-NEXT:   onnx.Exp
