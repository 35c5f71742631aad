// RUN: not ramiel-opt -p 'cluster,hypercluster{batch=2}' %s 2>&1 | filecheck %s

// Results can be joined only along a batch axis.

// CHECK: hypercluster: output 'total' has no batch axis: axis 0 is not 1 as in the inputs

dataflow.graph @total(%x : tensor<1x4xf32>, %y : tensor<f32>) -> (tensor<f32>) attributes {input_names = ["x", "y"], output_names = ["total"]} {
  %a = onnx.Neg(%y) : (tensor<f32>) -> tensor<f32>
  dataflow.output %a : tensor<f32>
}
