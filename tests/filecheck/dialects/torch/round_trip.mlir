// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s
// RUN: ramiel-opt --print-op-generic %s | ramiel-opt | filecheck %s

// One torch.call is one Python expression: the callee, operands by position, operands by keyword,
// and literals.

// CHECK: dataflow.graph @calls
dataflow.graph @calls(%x : tensor<2x4xf32>, %w : tensor<3x4xf32>, %b : tensor<3xf32>) -> (tensor<2x3xf32>, tensor<2x1xf32>) {
  // CHECK-NEXT: %a = torch.call "operator.add"(%x, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %a = torch.call "operator.add"(%x, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK-NEXT: %l = torch.call "torch.nn.functional.linear"(%a, %w, bias = %b)
  // CHECK-SAME:   : (tensor<2x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<2x3xf32> loc("/fc/Gemm")
  %l = torch.call "torch.nn.functional.linear"(%a, %w, bias = %b) : (tensor<2x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<2x3xf32> loc("/fc/Gemm")

  // Literals of every kind: numbers, text, booleans, lists, a torch dtype; None is the key alone.
  // CHECK-NEXT: %e = torch.call "torch.nn.functional.elu"(%l) {alpha = 0.5}
  %e = torch.call "torch.nn.functional.elu"(%l) {alpha = 0.5} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %g = torch.call "torch.nn.functional.gelu"(%e) {approximate = "tanh"}
  %g = torch.call "torch.nn.functional.gelu"(%e) {approximate = "tanh"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %m = torch.call "Tensor.mean"(%g) {dim = 1, keepdim = true}
  %m = torch.call "Tensor.mean"(%g) {dim = 1, keepdim = true} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  // CHECK-NEXT: %r = torch.call "Tensor.reshape"(%g) {shape = [3, 2]}
  %r = torch.call "Tensor.reshape"(%g) {shape = [3, 2]} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // CHECK-NEXT: %i = torch.call "Tensor.to"(%r) {dtype = #torch.dtype<int32>}
  %i = torch.call "Tensor.to"(%r) {dtype = #torch.dtype<int32>} : (tensor<3x2xf32>) -> tensor<3x2xi32>
  // CHECK-NEXT: %s = torch.call "Tensor.sum"(%g) {dim}
  %s = torch.call "Tensor.sum"(%g) {dim} : (tensor<2x3xf32>) -> tensor<f32>

  // What passes attach stands after the types: it is no argument of the call.
  // CHECK-NEXT: %t = torch.call "torch.relu"(%g) : (tensor<2x3xf32>) -> tensor<2x3xf32> attributes {cost = [4000, 2500]}
  %t = torch.call "torch.relu"(%g) : (tensor<2x3xf32>) -> tensor<2x3xf32> attributes {cost = [4000, 2500]}
  dataflow.output %t, %m : tensor<2x3xf32>, tensor<2x1xf32>
}

// CHECK: dataflow.graph @several_results
dataflow.graph @several_results(%x : tensor<2x4xf32>) -> (tensor<2x2xf32>) {
  // CHECK-NEXT: {{.*}}, {{.*}} = torch.call "Tensor.chunk"(%x) {chunks = 2, dim = 1} : (tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
  %l, %r = torch.call "Tensor.chunk"(%x) {chunks = 2, dim = 1} : (tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
  dataflow.output %r : tensor<2x2xf32>
}
