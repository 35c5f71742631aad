// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// Neutral operands go where that changes no bit: x + 0.0 stays, since it makes 0.0 of -0.0; what
// broadcasts x stays too.

dataflow.graph @neutral(%x : tensor<2xf32>, %n : tensor<2xi64>) -> (tensor<2xf32>, tensor<2xi64>, tensor<3x2xf32>) {
  %zero = dataflow.constant dense<0.0> : tensor<f32>
  %minus_zero = dataflow.constant dense<-0.0> : tensor<f32>
  %one = dataflow.constant dense<1.0> : tensor<1xf32>
  %ones = dataflow.constant dense<1.0> : tensor<3x1xf32>
  %none = dataflow.constant dense<0> : tensor<i64>
  %0 = onnx.Mul(%x, %one) : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  %1 = onnx.Sub(%0, %zero) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %2 = onnx.Add(%1, %minus_zero) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %3 = onnx.Add(%2, %zero) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %4 = onnx.Add(%n, %none) : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %5 = onnx.Mul(%x, %ones) : (tensor<2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  dataflow.output %3, %4, %5 : tensor<2xf32>, tensor<2xi64>, tensor<3x2xf32>
}

// CHECK:      [[SUM:%.*]] = onnx.Add(%x, %zero)
// CHECK-NEXT: [[ROWS:%.*]] = onnx.Mul(%x, %ones)
// CHECK-NEXT: dataflow.output [[SUM]], %n, [[ROWS]]
