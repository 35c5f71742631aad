// RUN: ramiel-opt --integer-shapes --convert-onnx-to-torch --dce --cluster -t pytorch %s | filecheck %s

// What exporters write for expand(-1, …): Where(Equal(shape, -1), ones, shape).  No size is -1, so
// the condition is known; the class token is expanded to the batch of the picture, whose size is
// seen through the operators between.

// CHECK:      batch = x.shape[0]
// CHECK-NEXT: y = token.expand(batch, -1, -1)
dataflow.graph @expand(%x : tensor<?x3x8xf32, ["batch"]>, %token : tensor<1x1x8xf32>) -> (tensor<?x1x8xf32>) {
  %axes = dataflow.constant dense<0> : tensor<1xi64>
  %kept = dataflow.constant dense<-1> : tensor<2xi64>
  %ones = dataflow.constant dense<1> : tensor<3xi64>
  %none = dataflow.constant dense<-1> : tensor<3xi64>
  %relu = onnx.Relu(%x) : (tensor<?x3x8xf32, ["batch"]>) -> tensor<?x3x8xf32, ["batch"]>
  %sizes = onnx.Shape(%relu) : (tensor<?x3x8xf32, ["batch"]>) -> tensor<3xi64>
  %first = onnx.Gather(%sizes, %axes) : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %wanted = onnx.Concat(%first, %kept) {axis = 0} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %missing = onnx.Equal(%wanted, %none) : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>
  %shape = onnx.Where(%missing, %ones, %wanted) : (tensor<3xi1>, tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  %y = onnx.Expand(%token, %shape) : (tensor<1x1x8xf32>, tensor<3xi64>) -> tensor<?x1x8xf32>
  dataflow.output %y : tensor<?x1x8xf32>
}
