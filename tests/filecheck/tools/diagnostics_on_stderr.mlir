// RUN: ramiel-opt --cse --dce --time-passes --print-between-passes %s 2>%t.err | filecheck %s
// RUN: filecheck %s --check-prefix ERR --input-file %t.err

// What is said about the passes goes to standard error: standard output is the IR, once.

// CHECK-NOT:   IR before
// CHECK:       builtin.module
// CHECK-NOT:   builtin.module
// CHECK-NOT:   Pass

// ERR:         builtin.module
// ERR:         onnx.Relu
dataflow.graph @timed(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
