// RUN: ramiel-opt --merge-clusters %s | filecheck %s
// RUN: ramiel-opt --merge-clusters %s 2>&1 >/dev/null | filecheck %s --check-prefix REMARK

// REMARK: remark: task.program: not merged: it has clusters that are wider than one core

task.program @wide(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @lane width 2 {
    %a = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
    task.output %a, 0 : tensor<4xf32>
  }
}

// CHECK: task.cluster @lane width 2
