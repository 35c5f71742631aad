// RUN: mkdir -p %t && ramiel-opt --constant-fold --weights-out %t/folded.safetensors %s | filecheck %s
// RUN: not ramiel-opt --constant-fold %s 2>&1 | filecheck --check-prefix=UNSAVED %s

// A larger result is a new weight, in memory until somebody saves it; text alone cannot hold it.

dataflow.graph @fold(%x : tensor<2x10xf32>) -> (tensor<2x10xf32>) {
  %a = dataflow.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %b = dataflow.constant dense<[[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]]> : tensor<1x10xf32>
  %table = onnx.Add(%a, %b) : (tensor<2x1xf32>, tensor<1x10xf32>) -> tensor<2x10xf32>
  %0 = onnx.Add(%x, %table) : (tensor<2x10xf32>, tensor<2x10xf32>) -> tensor<2x10xf32>
  dataflow.output %0 : tensor<2x10xf32>
}

// CHECK:      dataflow.graph @fold(%x : tensor<2x10xf32>) -> (tensor<2x10xf32>) attributes {weights = "folded.safetensors"}
// CHECK-NEXT:   %table = dataflow.weight "table" : tensor<2x10xf32>
// CHECK-NEXT:   %0 = onnx.Add(%x, %table)

// UNSAVED: weight 'table' is only in memory: give --weights-out FILE, or -t pytorch
