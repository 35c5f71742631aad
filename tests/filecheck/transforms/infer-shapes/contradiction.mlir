// RUN: ramiel-opt --infer-shapes %s 2>&1 >/dev/null | filecheck %s

// A declared type that cannot be is replaced, with a remark; operands that do not fit are left.

dataflow.graph @wrong(%x : tensor<2x3xf32>, %y : tensor<4x5xf32>) -> (tensor<2x4xf32>, tensor<*xf32>) {
  %0 = onnx.Relu(%x) : (tensor<2x3xf32>) -> tensor<2x4xf32> loc("/relu")
  %1 = onnx.MatMul(%x, %y) : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<*xf32> loc("/matmul")
  dataflow.output %0, %1 : tensor<2x4xf32>, tensor<*xf32>
}

// CHECK:      remark: /relu: declared as tensor<2x4xf32>, which should be tensor<2x3xf32>
// CHECK-NEXT: remark: /matmul: its shape is not inferred: {{.*}}Incompatible dimensions
