// RUN: ramiel-opt --allow-unregistered-dialect -p 'cluster{message-ns=0}' %s | filecheck %s
// RUN: ramiel-opt --allow-unregistered-dialect -p 'cluster{message-ns=0}' %s | ramiel-opt --allow-unregistered-dialect | filecheck %s

// Clustering knows no operator: a dialect that Ramiel has never seen is clustered like any other.

dataflow.graph @foreign(%x : tensor<4xf32>) -> (i32) {
  %both:2 = "vision.split"(%x) {cost = [10]} : (tensor<4xf32>) -> (i32, i32)
  %a = "vision.edges"(%both#0) {cost = [30], kernel = 3 : i64} : (i32) -> i32
  %b = "vision.blur"(%both#1) {cost = [20]} : (i32) -> i32
  %c = "vision.blend"(%a, %b) {cost = [10]} : (i32, i32) -> i32
  dataflow.output %c : i32
}

// CHECK:      task.cluster @cluster_0 attributes {cost_ns = 50} {
// CHECK-NEXT:   [[BOTH:%.*]], [[OTHER:%.*]] = "vision.split"(%x) {cost = [10 : i64]}
// CHECK-NEXT:   task.send [[OTHER]], {{.*}} : i32
// CHECK-NEXT:   %a = "vision.edges"([[BOTH]]) {cost = [30 : i64], kernel = 3 : i64}
// CHECK-NEXT:   [[B:%.*]] = task.recv {{.*}} : i32
// CHECK-NEXT:   %c = "vision.blend"(%a, [[B]])
// CHECK-NEXT:   task.output %c, 0 : i32
// CHECK:      task.cluster @cluster_1 attributes {cost_ns = 20} {
// CHECK-NEXT:   [[OTHER:%.*]] = task.recv
// CHECK-NEXT:   [[B:%.*]] = "vision.blur"([[OTHER]])
// CHECK-NEXT:   task.send [[B]]
