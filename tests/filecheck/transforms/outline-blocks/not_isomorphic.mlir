// RUN: ramiel-opt --outline-blocks %s | filecheck %s

// A literal (the slope), the wiring (what is subtracted from what) or an element type is another function.
// A block that a path leaves and comes back to is none.

dataflow.graph @net(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a0 = torch.call "torch.nn.functional.leaky_relu"(%x) {negative_slope = 0.1} : (tensor<4xf32>) -> tensor<4xf32> loc("/b.0/LeakyRelu")
  %a1 = torch.call "torch.tanh"(%a0) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.0/Tanh")
  %a2 = torch.call "torch.sigmoid"(%a1) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.0/Sigmoid")
  %a3 = torch.call "operator.sub"(%a2, %a0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("/b.0/Sub")
  %b0 = torch.call "torch.nn.functional.leaky_relu"(%a3) {negative_slope = 0.2} : (tensor<4xf32>) -> tensor<4xf32> loc("/b.1/LeakyRelu")
  %b1 = torch.call "torch.tanh"(%b0) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.1/Tanh")
  %b2 = torch.call "torch.sigmoid"(%b1) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.1/Sigmoid")
  %b3 = torch.call "operator.sub"(%b2, %b0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("/b.1/Sub")
  %c0 = torch.call "torch.nn.functional.leaky_relu"(%b3) {negative_slope = 0.2} : (tensor<4xf32>) -> tensor<4xf32> loc("/b.2/LeakyRelu")
  %c1 = torch.call "torch.tanh"(%c0) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.2/Tanh")
  %c2 = torch.call "torch.sigmoid"(%c1) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.2/Sigmoid")
  %c3 = torch.call "operator.sub"(%c0, %c2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("/b.2/Sub")
  %d0 = torch.call "torch.nn.functional.leaky_relu"(%c3) {negative_slope = 0.2} : (tensor<4xf32>) -> tensor<4xf32> loc("/b.3/LeakyRelu")
  %out = torch.call "torch.exp"(%d0) : (tensor<4xf32>) -> tensor<4xf32> loc("/Exp")
  %d1 = torch.call "torch.tanh"(%out) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.3/Tanh")
  %d2 = torch.call "torch.sigmoid"(%d1) : (tensor<4xf32>) -> tensor<4xf32> loc("/b.3/Sigmoid")
  %d3 = torch.call "operator.sub"(%d2, %d0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("/b.3/Sub")
  dataflow.output %d3 : tensor<4xf32>
}

// CHECK-NOT: torch.function
// CHECK-NOT: torch.invoke
