// RUN: ramiel-opt -t pytorch %s | filecheck %s --strict-whitespace
// RUN: ramiel-opt -t pytorch %s > %t.py && ruff format --isolated --check %t.py && ruff check --isolated --select E,F,I,UP,B %t.py

// Lines are no longer than 88 columns, and broken where ruff would break them.

task.program @long_lines(%x : tensor<1x3x32x32xf32>) -> (tensor<1x3x32x32xf32>) attributes {weights = "long_lines.safetensors"} {
  task.cluster @cluster_0 {
    %w = dataflow.weight "encoder.layers.0.attention.projection.weight" : tensor<3x3x3x3xf32>
    %b = dataflow.weight "encoder.layers.0.attention.projection.bias" : tensor<3xf32>
    %encoder_layers_0_attention_projection = torch.call "torch.nn.functional.conv2d"(%x, %w, %b) {padding = 2, dilation = 2} : (tensor<1x3x32x32xf32>, tensor<3x3x3x3xf32>, tensor<3xf32>) -> tensor<1x3x32x32xf32>
    %encoder_layers_0_attention_residual_connection_after = torch.call "operator.add"(%encoder_layers_0_attention_projection, %encoder_layers_0_attention_projection) : (tensor<1x3x32x32xf32>, tensor<1x3x32x32xf32>) -> tensor<1x3x32x32xf32>
    %m = torch.call "Tensor.mean"(%encoder_layers_0_attention_residual_connection_after) {dim = [2, 3], keepdim = true} : (tensor<1x3x32x32xf32>) -> tensor<1x3x1x1xf32>
    %s = torch.call "operators.shrink"(%m) {lambd = 0.5, bias = 0.0} : (tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
    %e = torch.call "operator.mul"(%encoder_layers_0_attention_residual_connection_after, %s) : (tensor<1x3x32x32xf32>, tensor<1x3x1x1xf32>) -> tensor<1x3x32x32xf32>
    task.output %e, 0 : tensor<1x3x32x32xf32>
  }
}

//      CHECK:    encoder_layers_0_attention_projection = F.conv2d(
// CHECK-NEXT:        x,
// CHECK-NEXT:        w["encoder.layers.0.attention.projection.weight"],
// CHECK-NEXT:        w["encoder.layers.0.attention.projection.bias"],
// CHECK-NEXT:        padding=2,
// CHECK-NEXT:        dilation=2,
// CHECK-NEXT:    )
// CHECK-NEXT:    encoder_layers_0_attention_residual_connection_after = (
// CHECK-NEXT:        encoder_layers_0_attention_projection + encoder_layers_0_attention_projection
// CHECK-NEXT:    )
