// RUN: ramiel-opt --integer-shapes --dce %s | filecheck %s
// RUN: ramiel-opt --integer-shapes --convert-onnx-to-torch --dce --cluster -t pytorch %s | filecheck %s --check-prefix CODE

// Shape, Gather and Concat become integers, read where the tensor is; the Reshape finds them in
// the tensor of integers.  What the generated code says:

// CODE:      batch = x.shape[0]
// CODE-NEXT: y = x.reshape(batch, -1, 4, 12)  # [batch, ?, 4, 12]

// CHECK:      dataflow.graph @reshape
// CHECK-NEXT:   %batch = torch.call "integer.size"(%x) {dim = 0} : (tensor<?x?x48xf32, ["batch", "length"]>) -> index
// CHECK:        %shape = torch.call "tensor_of_integers"()[%batch] {values = [#torch.size<0>, -1, 4, 12]} : (index) -> tensor<4xi64>
// CHECK-NEXT:   %y = onnx.Reshape(%x, %shape)
dataflow.graph @reshape(%x : tensor<?x?x48xf32, ["batch", "length"]>) -> (tensor<?x?x4x12xf32>) {
  %zero = dataflow.constant dense<0> : tensor<i64>
  %axes = dataflow.constant dense<0> : tensor<1xi64>
  %rest = dataflow.constant dense<[-1, 4, 12]> : tensor<3xi64>
  %sizes = onnx.Shape(%x) : (tensor<?x?x48xf32, ["batch", "length"]>) -> tensor<3xi64>
  %first = onnx.Gather(%sizes, %zero) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %vector = onnx.Unsqueeze(%first, %axes) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %shape = onnx.Concat(%vector, %rest) {axis = 0} : (tensor<1xi64>, tensor<3xi64>) -> tensor<4xi64>
  %y = onnx.Reshape(%x, %shape) : (tensor<?x?x48xf32, ["batch", "length"]>, tensor<4xi64>) -> tensor<?x?x4x12xf32>
  dataflow.output %y : tensor<?x?x4x12xf32>
}
