// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// A target computed from a shape becomes constant: -1 for the one dimension that is not known, 0
// for one that is copied from the operand.

dataflow.graph @targets(%x : tensor<?x?x12xf32, ["batch", "length"]>) -> (tensor<?x?x3x4xf32, ["batch", "length"]>, tensor<?x12xf32>) {
  %first = dataflow.constant dense<[0, 1]> : tensor<2xi64>
  %heads = dataflow.constant dense<[3, 4]> : tensor<2xi64>
  %rows = dataflow.constant dense<0> : tensor<1xi64>
  %width = dataflow.constant dense<12> : tensor<1xi64>
  %shape = onnx.Shape(%x) : (tensor<?x?x12xf32, ["batch", "length"]>) -> tensor<3xi64>
  %kept = onnx.Gather(%shape, %first) : (tensor<3xi64>, tensor<2xi64>) -> tensor<2xi64>
  %target = onnx.Concat(%kept, %heads) {axis = 0} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %0 = onnx.Reshape(%x, %target) : (tensor<?x?x12xf32, ["batch", "length"]>, tensor<4xi64>) -> tensor<?x?x3x4xf32, ["batch", "length"]>
  %size = onnx.Gather(%shape, %rows) : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %flat = onnx.Concat(%size, %width) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %1 = onnx.Reshape(%x, %flat) : (tensor<?x?x12xf32, ["batch", "length"]>, tensor<2xi64>) -> tensor<?x12xf32>
  dataflow.output %0, %1 : tensor<?x?x3x4xf32, ["batch", "length"]>, tensor<?x12xf32>
}

// CHECK:      dataflow.graph @targets
// CHECK-NEXT:   [[COPY:%.*]] = dataflow.constant dense<[0, 0, 3, 4]>
// CHECK-NEXT:   onnx.Reshape(%x, [[COPY]])
// CHECK-NEXT:   [[FLAT:%.*]] = dataflow.constant dense<[-1, 12]>
// CHECK-NEXT:   onnx.Reshape(%x, [[FLAT]])
