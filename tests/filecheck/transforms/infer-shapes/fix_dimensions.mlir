// RUN: ramiel-opt -p 'infer-shapes{dims="batch=8"}' %s | filecheck %s

// `dims` gives symbolic dimensions of the inputs a size, wherever their names stand.

dataflow.graph @fix(%x : tensor<?x?xf32, ["batch", "length"]>) -> (tensor<?x?xf32, ["batch", "length"]>) {
  %0 = onnx.Relu(%x) : (tensor<?x?xf32, ["batch", "length"]>) -> tensor<?x?xf32, ["batch", "length"]>
  dataflow.output %0 : tensor<?x?xf32, ["batch", "length"]>
}

// CHECK:      dataflow.graph @fix(%x : tensor<8x?xf32, ["length"]>) -> (tensor<8x?xf32, ["length"]>)
// CHECK-NEXT: onnx.Relu(%x) : (tensor<8x?xf32, ["length"]>) -> tensor<8x?xf32, ["length"]>
