// RUN: xdsl-opt -p 'estimate-cost,cluster' %s | filecheck %s
// RUN: xdsl-opt -p 'convert-onnx-to-torch,estimate-cost,cluster' -t pytorch %s | filecheck %s --check-prefix PYTHON

// Plain xdsl-opt finds the dialects, the passes and the target by their entry point.

// CHECK:  task.program @plain
// CHECK:  onnx.Relu
// PYTHON: y = torch.relu(x)
dataflow.graph @plain(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
