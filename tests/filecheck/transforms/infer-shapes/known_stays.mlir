// RUN: ramiel-opt --infer-shapes %s | filecheck %s

// What the types say already is kept where inference knows less, and names of dimensions with it.

dataflow.graph @known(%x : tensor<?x3xf32, ["batch"]>, %s : tensor<2xi64>) -> (tensor<5x?xf32, ["n"]>) {
  %0 = onnx.Relu(%x) : (tensor<?x3xf32, ["batch"]>) -> tensor<?x?xf32, ["rows", ""]>
  %1 = onnx.Reshape(%0, %s) : (tensor<?x?xf32, ["rows", ""]>, tensor<2xi64>) -> tensor<5x?xf32, ["n"]>
  dataflow.output %1 : tensor<5x?xf32, ["n"]>
}

// CHECK:      onnx.Relu(%x) : {{.*}} -> tensor<?x3xf32, ["rows"]>
// CHECK-NEXT: onnx.Reshape(%0, %s) : {{.*}} -> tensor<5x?xf32, ["n"]>
