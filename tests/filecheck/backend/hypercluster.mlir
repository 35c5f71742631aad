// RUN: ramiel-opt -t pytorch %s | filecheck %s

// A batch of two samples, switched: one function for each stage of each cluster, printed once; what
// a worker runs is a table of (stage, sample).  %x is given for both samples at once, %scale is
// shared.  cluster_0 has two stages: what the second reads from the first is returned by name.

task.program @branches(%x : tensor<1x4xf32>, %scale : tensor<f32>) -> (tensor<1x4xf32>)
    attributes {weights = "branches.safetensors", opset = {ai.onnx = 17}, input_names = ["x", "scale"], output_names = ["left"], samples = 2, batch_inputs = [0]} {
  %a_sent = task.channel : !task.channel<tensor<1x4xf32>>
  %c_sent = task.channel : !task.channel<tensor<1x4xf32>>
  task.cluster @cluster_0 {
    %w = dataflow.weight "w" : tensor<4x4xf32>
    %a = torch.call "torch.relu"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    task.send %a, %a_sent : tensor<1x4xf32>
    %left = torch.call "torch.exp"(%a) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    task.stage
    %c = task.recv %c_sent : tensor<1x4xf32>
    %d = torch.call "operator.add"(%left, %c) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
    %e = torch.call "operator.mul"(%d, %scale) : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
    %f = torch.call "torch.nn.functional.linear"(%e, %w) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
    task.output %f, 0 : tensor<1x4xf32>
  }
  task.cluster @cluster_1 {
    %a_1 = task.recv %a_sent : tensor<1x4xf32>
    %c_1 = torch.call "torch.tanh"(%a_1) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    task.send %c_1, %c_sent : tensor<1x4xf32>
  }
  task.worker @worker_0 {
    task.run @cluster_0 stage 0 sample 0
    task.run @cluster_1 stage 0 sample 1
    task.run @cluster_0 stage 1 sample 0
  }
  task.worker @worker_1 {
    task.run @cluster_0 stage 0 sample 1
    task.run @cluster_1 stage 0 sample 0
    task.run @cluster_0 stage 1 sample 1
  }
}

// CHECK:      """Branches, from branches.safetensors (ONNX opset 17).
// CHECK-EMPTY:
// CHECK-NEXT: 2 clusters that run side by side, 2 samples at a time.
// CHECK:      from ._runtime import BatchModel, Input, Message, SampleChannels, Stage, Weights

// CHECK:      async def cluster_0_stage_0(
// CHECK-NEXT:     x: Tensor, w: Weights, channels: SampleChannels
// CHECK-NEXT: ) -> dict[str, Any]:
// CHECK-NEXT:     """2 operations of cluster_0.
// CHECK-EMPTY:
// CHECK-NEXT:     Sends to cluster_1: a.
// CHECK-NEXT:     """
// CHECK-NEXT:     a = torch.relu(x)
// CHECK-NEXT:     channels.send("a", a, to="cluster_1")
// CHECK-NEXT:     left = torch.exp(a)

// An output of the model is called "left" too, so what is kept gets another name.
// CHECK-NEXT:     return {"left_": left}

// CHECK:      async def cluster_0_stage_1(
// CHECK-NEXT:     scale: Tensor, left: Tensor, w: Weights, channels: SampleChannels
// CHECK-NEXT: ) -> dict[str, Any]:
// CHECK:          c = await channels.recv("c", source="cluster_1")
// CHECK-NEXT:     d = left + c
// CHECK-NEXT:     e = d * scale
// CHECK-NEXT:     f = F.linear(e, w["w"])
// CHECK-NEXT:     return {"left": f}

// CHECK:      async def cluster_1_stage_0(w: Weights, channels: SampleChannels) -> dict[str, Any]:
// CHECK:          channels.send("c", c, to="cluster_0")
// CHECK-NEXT:     return {}

// CHECK:      SCHEDULE_OF_WORKER_0 = (
// CHECK-NEXT:     (cluster_0_stage_0, 0), (cluster_1_stage_0, 1), (cluster_0_stage_1, 0),
// CHECK-NEXT: )
// CHECK:      SCHEDULE_OF_WORKER_1 = (
// CHECK-NEXT:     (cluster_0_stage_0, 1), (cluster_1_stage_0, 0), (cluster_0_stage_1, 1),
// CHECK-NEXT: )

// CHECK:      class Branches(BatchModel):
// CHECK:          inputs = (Input("x", torch.float32, (2, 4)), Input("scale", torch.float32, ()))
// CHECK-NEXT:     outputs = ("left",)
// CHECK-NEXT:     samples = 2
// CHECK-NEXT:     split = ("x",)
// CHECK-NEXT:     stages = (
// CHECK-NEXT:         Stage(cluster_0_stage_0, "cluster_0", reads=("x",)),
// CHECK-NEXT:         Stage(cluster_0_stage_1, "cluster_0", reads=("scale", "left_")),
// CHECK-NEXT:         Stage(cluster_1_stage_0, "cluster_1", reads=()),
// CHECK-NEXT:     )
// CHECK-NEXT:     messages = (
// CHECK-NEXT:         Message("a", "cluster_0", "cluster_1", torch.float32, (1, 4)),
// CHECK-NEXT:         Message("c", "cluster_1", "cluster_0", torch.float32, (1, 4)),
// CHECK-NEXT:     )
// CHECK-NEXT:     schedules = (SCHEDULE_OF_WORKER_0, SCHEDULE_OF_WORKER_1)
