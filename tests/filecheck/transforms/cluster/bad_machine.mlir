// RUN: not ramiel-opt --cluster %s 2>&1 | filecheck %s

// CHECK: bad: machine is no machine: a machine has at least one core, not 0
dataflow.graph @bad(%x : tensor<4xf32>) -> (tensor<4xf32>) attributes {machine = {cores = 0}} {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [100]}
  dataflow.output %y : tensor<4xf32>
}
