// RUN: ramiel-opt -p 'merge-clusters{message-ns=5}' %s | filecheck %s

// a and b cannot overlap, since b waits for a: merged, the message between them is no more, and
// the program ends at 30 instead of 35.  The copies of the weight become one.

task.program @chain(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @first {
    %w = dataflow.weight "w" : tensor<4xf32>
    %a = onnx.Mul(%x, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %a, %c : tensor<4xf32>
  }
  task.cluster @second {
    %r = task.recv %c : tensor<4xf32>
    %w = dataflow.weight "w" : tensor<4xf32>
    %b = onnx.Add(%r, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
    task.output %b, 0 : tensor<4xf32>
  }
}

// CHECK:      predicted_serial_ns = 30, predicted_makespan_ns = 30
// CHECK-NEXT: task.cluster @cluster_0 attributes {cost_ns = 30} {
// CHECK-NEXT:   %w = dataflow.weight "w"
// CHECK-NEXT:   %a = onnx.Mul(%x, %w)
// CHECK-NEXT:   %b = onnx.Add(%a, %w)
// CHECK-NEXT:   task.output %b, 0
// CHECK-NEXT: }
