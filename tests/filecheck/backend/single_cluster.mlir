// RUN: ramiel-opt -t pytorch %s | filecheck %s --strict-whitespace

// One cluster is one function that reads from top to bottom: one expression a line, keyword
// arguments only where they differ from PyTorch's defaults, shapes where they change; a heading for
// each module of the model that has at least four operations.

task.program @perceptron(%image : tensor<1x4xf32>) -> (tensor<1x3xf32>)
    attributes {weights = "perceptron.onnx", opset = {ai.onnx = 17}, input_names = ["image"], output_names = ["scores"]} {
  task.cluster @cluster_0 {
    %w = dataflow.weight "fc.weight" : tensor<3x4xf32>
    %fc = torch.call "torch.nn.functional.linear"(%image, %w) : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32> loc("/fc/Gemm")
    %act = torch.call "torch.nn.functional.elu"(%fc) {alpha = 1.0} : (tensor<1x3xf32>) -> tensor<1x3xf32> loc("/act/Elu")
    %act_2 = torch.call "torch.relu"(%act) : (tensor<1x3xf32>) -> tensor<1x3xf32> loc("/act/Relu")
    %act_3 = torch.call "torch.sigmoid"(%act_2) : (tensor<1x3xf32>) -> tensor<1x3xf32> loc("/act/Sigmoid")
    %scores = torch.call "torch.nn.functional.elu"(%act_3) {alpha = 0.5} : (tensor<1x3xf32>) -> tensor<1x3xf32> loc("/act/Elu_1")
    task.output %scores, 0 : tensor<1x3xf32>
  }
}

//      CHECK:"""Perceptron, from perceptron.onnx (ONNX opset 17): one cluster.
//      CHECK:    from perceptron import Model
//      CHECK:        outputs = model(image)
//      CHECK:import torch
// CHECK-NEXT:import torch.nn.functional as F
// CHECK-NEXT:from torch import Tensor
// CHECK-EMPTY:
// CHECK-NEXT:from ._runtime import Channels, Cluster, Input, ParallelModel, Weights
// CHECK-EMPTY:
// CHECK-EMPTY:
// CHECK-NEXT:async def cluster_0(image: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
// CHECK-NEXT:    """5 operations."""
// CHECK-NEXT:    fc = F.linear(image, w["fc.weight"])  # [1, 3]
// CHECK-EMPTY:
// CHECK-NEXT:    # act
// CHECK-NEXT:    act_elu = F.elu(fc)
// CHECK-NEXT:    act_relu = torch.relu(act_elu)
// CHECK-NEXT:    act_sigmoid = torch.sigmoid(act_relu)
// CHECK-NEXT:    scores = F.elu(act_sigmoid, alpha=0.5)
// CHECK-NEXT:    return {"scores": scores}
// CHECK-EMPTY:
// CHECK-EMPTY:
// CHECK-NEXT:class Perceptron(ParallelModel):
// CHECK-NEXT:    """{{.*}}"""
// CHECK-EMPTY:
// CHECK-NEXT:    inputs = (Input("image", torch.float32, (1, 4)),)
// CHECK-NEXT:    outputs = ("scores",)
// CHECK-NEXT:    clusters = (Cluster(cluster_0, reads=("image",)),)
// CHECK-NEXT:    channels = ()
// CHECK-EMPTY:
// CHECK-EMPTY:
// CHECK-NEXT:Model = Perceptron
