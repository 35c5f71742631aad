// RUN: ramiel-opt -p 'cluster{message-ns=0}' %s | filecheck %s

// A cost is a list: the time on one core, on two, and so on.  A cluster runs on one core.

dataflow.graph @wide(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [1200, 700]}
  dataflow.output %y : tensor<4xf32>
}

// CHECK: task.program @wide{{.*}}predicted_serial_ns = 1200, predicted_makespan_ns = 1200
// CHECK: attributes {cost = [1200, 700]}
