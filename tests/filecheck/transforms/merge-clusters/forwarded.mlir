// RUN: ramiel-opt -p 'merge-clusters{max-clusters=2 message-ns=0}' %s | filecheck %s

// A value that a cluster only hands on comes straight from its producer; a receive without a
// reader still makes the operation after it wait.

task.program @relay(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  %d = task.channel : !task.channel<tensor<4xf32>>
  %token = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @producer {
    %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %a, %c : tensor<4xf32>
    task.send %a, %token : tensor<4xf32>
    %main = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90]}
    task.output %main, 0 : tensor<4xf32>
  }
  task.cluster @relay {
    %r = task.recv %c : tensor<4xf32>
    task.send %r, %d : tensor<4xf32>
  }
  task.cluster @reader {
    %s = task.recv %d : tensor<4xf32>
    task.output %s, 1 : tensor<4xf32>
  }
  task.cluster @waiter {
    %done = task.recv %token : tensor<4xf32>
    %late = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  }
}

// CHECK:      task.cluster @cluster_0
// CHECK-NEXT:   [[A:%.*]] = onnx.Relu
// CHECK-NEXT:   task.send [[A]], [[TOKEN:%.*]] :
// CHECK-NEXT:   task.output [[A]], 1
// CHECK-NEXT:   onnx.Exp
// CHECK:      task.cluster @cluster_1
// CHECK-NEXT:   task.recv [[TOKEN]]
// CHECK-NEXT:   onnx.Sin(%x)
