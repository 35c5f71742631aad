// RUN: ramiel-opt %s | ramiel-opt | filecheck %s
// RUN: ramiel-opt %s --print-op-generic | filecheck %s --check-prefix GENERIC

// A function with parameters, and its invocation with the weights of one module.

torch.function @block(%x : tensor<4xf32>, %scale : tensor<4xf32>) -> (tensor<4xf32>) attributes {parameters = ["scale"]} {
  %y = torch.call "operator.mul"(%x, %scale) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
dataflow.graph @net(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %s = dataflow.weight "blocks.0.scale" : tensor<4xf32>
  %y = torch.invoke @block "blocks.0"(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// CHECK: torch.function @block(%x : tensor<4xf32>, %scale : tensor<4xf32>) -> (tensor<4xf32>) attributes {parameters = ["scale"]} {
// CHECK: %y = torch.invoke @block "blocks.0"(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// GENERIC: "torch.invoke"(%x, %s) <{function = @block, module = "blocks.0", settings = []}>
