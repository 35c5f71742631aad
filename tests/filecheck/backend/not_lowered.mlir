// RUN: not ramiel-opt --cluster -t pytorch %s 2>&1 | filecheck %s
// RUN: not ramiel-opt -t pytorch %s 2>&1 | filecheck %s --check-prefix GRAPH

// The printer prints torch.calls of one task program, and says what to run if there is none.

// CHECK: ramiel-opt: cannot print node '/first/Relu' (Relu, opset version 14): the pytorch target wants torch.call, run --convert-onnx-to-torch first
// GRAPH: ramiel-opt: the pytorch target wants one task.program, this module has 0; run --convert-onnx-to-torch --cluster first
dataflow.graph @not_lowered(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/first/Relu")
  dataflow.output %y : tensor<4xf32>
}
