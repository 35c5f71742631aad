// RUN: ramiel-opt --clone %s | filecheck %s

// Without a cost, an operation is judged by the bytes that it reads and writes, ten a nanosecond:
// 20,000 bytes count as cheap.  What reads a weight is dear.

dataflow.graph @sizes(%small : tensor<100xf32>, %large : tensor<1000000xf32>) -> (tensor<100xf32>, tensor<100xf32>, tensor<1000000xf32>, tensor<1000000xf32>, tensor<100xf32>, tensor<100xf32>) {
  %w = dataflow.weight "w" : tensor<100xf32>
  %p = onnx.Relu(%small) : (tensor<100xf32>) -> tensor<100xf32>
  %a = onnx.Exp(%p) : (tensor<100xf32>) -> tensor<100xf32>
  %b = onnx.Sin(%p) : (tensor<100xf32>) -> tensor<100xf32>
  %q = onnx.Neg(%large) : (tensor<1000000xf32>) -> tensor<1000000xf32>
  %c = onnx.Exp(%q) : (tensor<1000000xf32>) -> tensor<1000000xf32>
  %d = onnx.Sin(%q) : (tensor<1000000xf32>) -> tensor<1000000xf32>
  %r = onnx.Mul(%small, %w) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
  %e = onnx.Exp(%r) : (tensor<100xf32>) -> tensor<100xf32>
  %f = onnx.Sin(%r) : (tensor<100xf32>) -> tensor<100xf32>
  dataflow.output %a, %b, %c, %d, %e, %f : tensor<100xf32>, tensor<100xf32>, tensor<1000000xf32>, tensor<1000000xf32>, tensor<100xf32>, tensor<100xf32>
}

// CHECK:      onnx.Relu
// CHECK-NEXT: onnx.Relu{{.*}}clone = 1
// CHECK-NOT:  clone
