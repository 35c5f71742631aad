// RUN: ramiel-opt %s | filecheck %s

// A node whose operator has no schema is kept as it is: it can be read and shown, not compiled.

dataflow.graph @custom(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %0 = "onnx.custom"(%x) <{domain = "com.example", op_type = "Glow", version = 1, node_attributes = {strength = 2.0}}> : (tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// CHECK: "onnx.custom"(%x) <{domain = "com.example", op_type = "Glow", version = 1 : i64, node_attributes = {strength = 2.000000e+00 : f64}}>
