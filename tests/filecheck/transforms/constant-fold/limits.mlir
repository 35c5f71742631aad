// RUN: ramiel-opt -p 'constant-fold{max-result-bytes=7}' %s 2>&1 | filecheck --check-prefixes=CHECK,BYTES %s
// RUN: ramiel-opt -p 'constant-fold{max-total-bytes=7}' %s 2>&1 | filecheck --check-prefixes=CHECK,TOTAL %s
// RUN: ramiel-opt -p 'constant-fold{max-flops=1}' %s 2>&1 | filecheck --check-prefixes=CHECK,FLOPS %s

// What exceeds a limit is left for the run, with a remark.

dataflow.graph @limits(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %a = dataflow.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %sum = onnx.Add(%a, %a) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> loc("/sum")
  %0 = onnx.Mul(%x, %sum) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// BYTES: remark: /sum: not folded: its 8 bytes are over 7
// TOTAL: remark: /sum: not folded: all results would be over 7 bytes
// FLOPS: remark: /sum: not folded: its 2 floating-point operations are over 1
// CHECK: onnx.Add(%a, %a)
