// RUN: ramiel-opt --convert-onnx-to-torch --estimate-cost %s | filecheck %s
// RUN: ramiel-opt --convert-onnx-to-torch --cluster -t pytorch %s | filecheck %s --check-prefix PYTHON

// β = 1 is PyTorch's own kernel; any other β is the function that this package brings along.

// CHECK:      %a = torch.call "torch.nn.functional.silu"(%x)
// CHECK-SAME: loc("/first/Mul")
// CHECK-NEXT: %y = torch.call "swish.swish"(%a) {beta = 1.702} : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [4004]} loc("/second/Mul")

// PYTHON: from . import _operators as operators
// PYTHON: a = F.silu(x)
// PYTHON: y = operators.swish(a, beta=1.702)
dataflow.graph @swish(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a = swish.swish %x {beta = 1.0 : f64} : tensor<4xf32> loc("/first/Mul")
  %y = swish.swish %a {beta = 1.702 : f64} : tensor<4xf32> loc("/second/Mul")
  dataflow.output %y : tensor<4xf32>
}
