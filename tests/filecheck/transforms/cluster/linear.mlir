// RUN: ramiel-opt -p 'cluster{message-ns=5}' %s | filecheck %s

// The distance of an operation to the end is its cost plus the largest distance of its readers:
//
//                 stem 10            60
//                /    \             /  \
//         left 30      right 20   50    40
//                \    /             \  /
//                 sum 20             20
//
// The critical path stem, left, sum is the first cluster; what is left is the second one.
// Right starts when stem (10) and a message (5) are done, ends at 35, and arrives at 40, when left
// has just ended: the program takes 60 where one worker would take 80.

dataflow.graph @diamond(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %stem = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10]}
  %left = onnx.Exp(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [30]}
  %right = onnx.Tanh(%stem) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  %sum = onnx.Add(%left, %right) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {cost = [20]}
  dataflow.output %sum : tensor<4xf32>
}

// CHECK:      task.program @diamond(%x : tensor<4xf32>) -> (tensor<4xf32>)
// CHECK-SAME:   predicted_serial_ns = 80, predicted_makespan_ns = 60
// CHECK-NEXT:   [[TO_RIGHT:%stem.*]] = task.channel
// CHECK-NEXT:   [[TO_SUM:%right.*]] = task.channel
// CHECK-NEXT:   task.cluster @cluster_0 attributes {cost_ns = 60} {
// CHECK-NEXT:     [[STEM:%stem.*]] = onnx.Relu(%x)
// CHECK-NEXT:     task.send [[STEM]], [[TO_RIGHT]]
// CHECK-NEXT:     %left = onnx.Exp([[STEM]])
// CHECK-NEXT:     [[RIGHT:%right.*]] = task.recv [[TO_SUM]]
// CHECK-NEXT:     %sum = onnx.Add(%left, [[RIGHT]])
// CHECK-NEXT:     task.output %sum, 0
// CHECK-NEXT:   }
// CHECK-NEXT:   task.cluster @cluster_1 attributes {cost_ns = 20} {
// CHECK-NEXT:     [[STEM:%stem.*]] = task.recv [[TO_RIGHT]]
// CHECK-NEXT:     [[RIGHT:%right.*]] = onnx.Tanh([[STEM]])
// CHECK-NEXT:     task.send [[RIGHT]], [[TO_SUM]]
// CHECK-NEXT:   }
