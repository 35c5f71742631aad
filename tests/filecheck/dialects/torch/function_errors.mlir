// RUN: ramiel-opt %s --split-input-file --verify-diagnostics | filecheck %s

torch.function @block(%x : tensor<4xf32>, %scale : tensor<4xf32>) -> (tensor<4xf32>) attributes {parameters = ["scale"]} {
  %y = torch.call "operator.mul"(%x, %scale) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
dataflow.graph @another_weight(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %s = dataflow.weight "blocks.1.scale" : tensor<4xf32>
  %y = torch.invoke @block "blocks.0"(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
// CHECK: parameter 'scale' must be the weight 'blocks.0.scale'

// -----

dataflow.graph @no_function(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.invoke @block "blocks.0"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
// CHECK: no torch.function @block

// -----

torch.function @block(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  dataflow.output %x : tensor<4xf32>
}
dataflow.graph @another_type(%x : tensor<3xf32>) -> (tensor<3xf32>) {
  %y = torch.invoke @block "blocks.0"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  dataflow.output %y : tensor<3xf32>
}
// CHECK: the operands do not match the arguments of @block

// -----

torch.function @block(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  dataflow.output %x : tensor<4xf32>
}
dataflow.graph @too_deep(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.invoke @block "m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
// CHECK: a module is at most 32 deep in others
