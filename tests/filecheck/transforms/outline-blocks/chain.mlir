// RUN: ramiel-opt --outline-blocks %s | filecheck %s

// Two layers that differ in their weights alone are one function, invoked with the weights of each.

dataflow.graph @net(%ids : tensor<1x4xf32>) -> (tensor<1x4xf32>) {
  %w0 = dataflow.weight "layers.0.fc.weight" : tensor<4x4xf32>
  %b0 = dataflow.weight "layers.0.fc.bias" : tensor<4xf32>
  %a0 = torch.call "torch.nn.functional.linear"(%ids, %w0, %b0) : (tensor<1x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x4xf32> loc("/layers.0/fc/Gemm")
  %r0 = torch.call "torch.relu"(%a0) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/layers.0/Relu")
  %t0 = torch.call "torch.tanh"(%ids) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/layers.0/Tanh")
  %y0 = torch.call "operator.add"(%r0, %t0) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/layers.0/Add")
  %w1 = dataflow.weight "layers.1.fc.weight" : tensor<4x4xf32>
  %b1 = dataflow.weight "layers.1.fc.bias" : tensor<4xf32>
  // In another order, which says nothing.
  %t1 = torch.call "torch.tanh"(%y0) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/layers.1/Tanh")
  %a1 = torch.call "torch.nn.functional.linear"(%y0, %w1, %b1) : (tensor<1x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x4xf32> loc("/layers.1/fc/Gemm")
  %r1 = torch.call "torch.relu"(%a1) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/layers.1/Relu")
  %y1 = torch.call "operator.add"(%r1, %t1) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/layers.1/Add")
  dataflow.output %y1 : tensor<1x4xf32>
}

// CHECK:      torch.function @layer(%x : tensor<1x4xf32>, %fc_weight : tensor<4x4xf32>, %fc_bias : tensor<4xf32>) -> (tensor<1x4xf32>) attributes {parameters = ["fc.weight", "fc.bias"]} {
// CHECK-NEXT:   %fc = torch.call "torch.nn.functional.linear"(%x, %fc_weight, %fc_bias)
// CHECK-NEXT:   %relu = torch.call "torch.relu"(%fc)
// CHECK-NEXT:   %tanh = torch.call "torch.tanh"(%x)
// CHECK-NEXT:   %add = torch.call "operator.add"(%relu, %tanh)
// CHECK-NEXT:   dataflow.output %add : tensor<1x4xf32>
// CHECK:      dataflow.graph @net
// CHECK:        %layers = torch.invoke @layer "layers.0"(%ids, %w0, %b0) : (tensor<1x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x4xf32> loc("/layers.0")
// CHECK:        %layers_1 = torch.invoke @layer "layers.1"(%layers, %w1, %b1)
// CHECK-NEXT:   dataflow.output %layers_1 : tensor<1x4xf32>
