// RUN: ramiel-opt --estimate-cost %s | filecheck %s
// RUN: ramiel-opt --estimate-cost --estimate-cost %s | filecheck %s
// RUN: not ramiel-opt -p 'estimate-cost{model=guess}' %s 2>&1 | filecheck %s --check-prefix MODEL

// The static model: 4000 ns for a call, plus the larger of its arithmetic (50 operations a
// nanosecond) and its memory traffic (8 bytes a nanosecond).  It gives the same integers on every
// machine.

// MODEL: ramiel-opt: no cost model 'guess'; there are: static, roofline, profile
dataflow.graph @costs(%x : tensor<1000x1000xf32>) -> (tensor<1000000xf32>) attributes {weights = "costs.onnx"} {
  // Weights and constants are there before the program runs.
  // CHECK:      %w = dataflow.weight "w" : tensor<1000x1000xf32>{{$}}
  // CHECK-NEXT: %c = dataflow.constant dense<2.000000e+00> : tensor<f32>{{$}}
  %w = dataflow.weight "w" : tensor<1000x1000xf32>
  %c = dataflow.constant dense<2.0> : tensor<f32>

  // 2 · 1000³ operations: 40 ms.
  // CHECK-NEXT: %m = torch.call "torch.nn.functional.linear"{{.*}} attributes {cost = [40004000]}
  %m = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<1000x1000xf32>, tensor<1000x1000xf32>) -> tensor<1000x1000xf32>

  // 4 MB in, 4 MB out: 1 ms.
  // CHECK-NEXT: %r = torch.call "torch.relu"{{.*}} attributes {cost = [1004000]}
  %r = torch.call "torch.relu"(%m) : (tensor<1000x1000xf32>) -> tensor<1000x1000xf32>

  // A view moves nothing.
  // CHECK-NEXT: %v = torch.call "Tensor.reshape"{{.*}} attributes {cost = [1000]}
  %v = torch.call "Tensor.reshape"(%r) {shape = [1000000]} : (tensor<1000x1000xf32>) -> tensor<1000000xf32>

  // A cost that is there already stays, measured perhaps.
  // CHECK-NEXT: %s = torch.call "torch.sigmoid"{{.*}} attributes {cost = [700, 400]}
  %s = torch.call "torch.sigmoid"(%v) : (tensor<1000000xf32>) -> tensor<1000000xf32> attributes {cost = [700, 400]}

  // An operation that is not lowered yet costs what it will be lowered to.
  // CHECK-NEXT: %t = onnx.Relu{{.*}} attributes {cost = [1004000]}
  %t = onnx.Relu(%s) : (tensor<1000000xf32>) -> tensor<1000000xf32>
  dataflow.output %t : tensor<1000000xf32>
}
