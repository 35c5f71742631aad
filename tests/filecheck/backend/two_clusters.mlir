// RUN: ramiel-opt -t pytorch %s | filecheck %s

// Two clusters exchange messages: send and recv name the value that they carry and the other
// cluster, and a received value has the name it was sent under.

task.program @two_clusters(%x : tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x4xf32>)
    attributes {weights = "two_clusters.safetensors", opset = {ai.onnx = 17}, input_names = ["x"], output_names = ["sum", "scores"]} {
  %to_right = task.channel : !task.channel<tensor<1x8xf32>>
  %to_left = task.channel : !task.channel<tensor<1x8xf32>>
  task.cluster @cluster_0 attributes {cost_ns = 12000} {
    %w = dataflow.weight "stem.weight" : tensor<8x8xf32>
    %stem = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32> loc("/stem/MatMul")
    task.send %stem, %to_right : tensor<1x8xf32>
    %left = torch.call "torch.relu"(%stem) : (tensor<1x8xf32>) -> tensor<1x8xf32> loc("/left/Relu")
    %right = task.recv %to_left : tensor<1x8xf32>
    %sum = torch.call "operator.add"(%left, %right) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32> loc("/sum/Add")
    task.output %sum, 0 : tensor<1x8xf32>
  }
  task.cluster @cluster_1 attributes {cost_ns = 4000} {
    %stem = task.recv %to_right : tensor<1x8xf32>
    %right = torch.call "torch.sigmoid"(%stem) : (tensor<1x8xf32>) -> tensor<1x8xf32> loc("/right/Sigmoid")
    task.send %right, %to_left : tensor<1x8xf32>
    %v = dataflow.weight "head.weight" : tensor<4x8xf32>
    %scores = torch.call "torch.nn.functional.linear"(%right, %v) : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32> loc("/head/MatMul")
    task.output %scores, 1 : tensor<1x4xf32>
  }
}

// CHECK:      """TwoClusters, from two_clusters.safetensors (ONNX opset 17).
// CHECK-EMPTY:
// CHECK-NEXT: 2 clusters that run side by side.
// CHECK:      from ._runtime import Channels, Cluster, Input, Message, ParallelModel, Weights

// CHECK:      async def cluster_0(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
// CHECK-NEXT:     """3 operations, 12 µs predicted.
// CHECK:          Receives from cluster_1: right.
// CHECK:          Sends to cluster_1: stem.
// CHECK:          stem = F.linear(x, w["stem.weight"])
// CHECK-NEXT:     channels.send("stem", stem, to="cluster_1")
// CHECK:          left = torch.relu(stem)
// CHECK-NEXT:     right = await channels.recv("right", source="cluster_1")

// Python's own `sum` is not hidden; the output keeps the model's name for it.
// CHECK:          sum_ = left + right
// CHECK-NEXT:     return {"sum": sum_}

// This cluster reads no input of the model, and gives its second output.
// CHECK:      async def cluster_1(w: Weights, channels: Channels) -> dict[str, Tensor]:
// CHECK:          stem = await channels.recv("stem", source="cluster_0")
// CHECK:          right = torch.sigmoid(stem)
// CHECK-NEXT:     channels.send("right", right, to="cluster_0")
// CHECK:          return {"scores": scores}

// CHECK:          outputs = ("sum", "scores")
// CHECK-NEXT:     clusters = (Cluster(cluster_0, reads=("x",)), Cluster(cluster_1, reads=()))
// CHECK-NEXT:     channels = (
// CHECK-NEXT:         Message("stem", "cluster_0", "cluster_1", torch.float32, (1, 8)),
// CHECK-NEXT:         Message("right", "cluster_1", "cluster_0", torch.float32, (1, 8)),
// CHECK-NEXT:     )
