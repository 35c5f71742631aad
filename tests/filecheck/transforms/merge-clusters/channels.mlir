// RUN: ramiel-opt -p 'merge-clusters{max-clusters=2 message-ns=0}' %s | filecheck %s

// Two clusters that read the same value become one: one channel is left of the two.

task.program @fan(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %c = task.channel : !task.channel<tensor<4xf32>>
  %d = task.channel : !task.channel<tensor<4xf32>>
  task.cluster @producer {
    %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
    task.send %a, %c : tensor<4xf32>
    task.send %a, %d : tensor<4xf32>
    %main = onnx.Exp(%a) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [90]}
    task.output %main, 0 : tensor<4xf32>
  }
  task.cluster @one {
    %r = task.recv %c : tensor<4xf32>
    %p = onnx.Sin(%r) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
    task.output %p, 1 : tensor<4xf32>
  }
  task.cluster @two {
    %s = task.recv %d : tensor<4xf32>
    %q = onnx.Cos(%s) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
    task.output %q, 2 : tensor<4xf32>
  }
}

// CHECK:      task.program @fan
// CHECK-NEXT:   = task.channel
// CHECK-NEXT:   task.cluster @cluster_0
// CHECK-NEXT:     [[A:%.*]] = onnx.Relu
// CHECK-NEXT:     task.send [[A]]
// CHECK-NEXT:     %main = onnx.Exp([[A]])
// CHECK-NEXT:     task.output %main, 0
// CHECK:        task.cluster @cluster_1
// CHECK-NEXT:     [[A:%.*]] = task.recv
// CHECK-NEXT:     %p = onnx.Sin([[A]])
// CHECK-NEXT:     task.output %p, 1
// CHECK-NEXT:     %q = onnx.Cos([[A]])
// CHECK-NEXT:     task.output %q, 2
