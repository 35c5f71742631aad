// RUN: ramiel-opt --recover-names %s --weights-out %t.safetensors | filecheck %s

// A weight that the exporter gave a number has the name that it has in the network: its module's,
// from the node's name, and what it is there.  What two calls read, or none that is a module, keeps
// its name.

dataflow.graph @net(%x : tensor<1x1x2x2xf32>, %y : tensor<1x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2xf32>) attributes {weights = "Inputs/numbered.safetensors"} {
  %w = dataflow.weight "onnx::Conv_226" : tensor<2x1x1x1xf32>
  %b = dataflow.weight "onnx::Conv_227" : tensor<2xf32>
  %conv = torch.call "torch.nn.functional.conv2d"(%x, %w, %b) : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32> loc("/layer1/layer1.0/conv1/Conv")
  %v = dataflow.weight "val_3" : tensor<2x2xf32>
  %c = dataflow.weight "fc.bias" : tensor<2xf32>
  %first = torch.call "torch.nn.functional.linear"(%y, %v, %c) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32> loc("/fc/Gemm")
  %second = torch.call "torch.nn.functional.linear"(%first, %v) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32> loc("/tied/Gemm")
  %scale = dataflow.weight "val_4" : tensor<2xf32>
  %scaled = torch.call "operator.mul"(%second, %scale) : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32> loc("/scale/Mul")
  dataflow.output %conv, %scaled : tensor<1x2x2x2xf32>, tensor<1x2xf32>
}

// CHECK: dataflow.weight "layer1.0.conv1.weight" : tensor<2x1x1x1xf32>
// CHECK: dataflow.weight "layer1.0.conv1.bias" : tensor<2xf32>
// CHECK: dataflow.weight "val_3" : tensor<2x2xf32>
// CHECK: dataflow.weight "val_4" : tensor<2xf32>
