// RUN: ramiel-opt --outline-constants --weights-out %t.safetensors %s | filecheck %s

// A small bias that a pass made is called like the weight that it stands beside.

// CHECK: dataflow.weight "layer1.0.conv.bias_fused" : tensor<2xf32>
// CHECK: dataflow.weight "other" : tensor<2xf32>
dataflow.graph @dotted(%x : tensor<1x1x2x2xf32>, %y : tensor<1x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2xf32>) attributes {weights = "Inputs/dotted.safetensors"} {
  %w = dataflow.weight "layer1.0.conv.weight_fused" : tensor<2x1x1x1xf32>
  %layer1_0_conv_bias_fused = dataflow.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %a = onnx.Conv(%x, %w, %layer1_0_conv_bias_fused) : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  %other = dataflow.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %b = onnx.Mul(%y, %other) : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  dataflow.output %a, %b : tensor<1x2x2x2xf32>, tensor<1x2xf32>
}
