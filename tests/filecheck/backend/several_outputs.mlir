// RUN: ramiel-opt -t pytorch %s | filecheck %s

// Outputs stand under the model's names, in its order, also where two are one value and where an
// input is an output. A call with several results is unpacked; `_` is a result that nobody reads.

task.program @several(%x : tensor<2x4xf32>, %y : tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x4xf32>)
    attributes {input_names = ["x", "y"], output_names = ["first", "again", "through"]} {
  task.cluster @cluster_0 {
    %left, %right = torch.call "Tensor.chunk"(%x) {chunks = 2, dim = 1} : (tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
    task.output %left, 0 : tensor<2x2xf32>
    task.output %left, 1 : tensor<2x2xf32>
    task.output %y, 2 : tensor<2x4xf32>
  }
}

// CHECK:      async def cluster_0(
// CHECK-NEXT:     x: Tensor, y: Tensor, w: Weights, channels: Channels
// CHECK-NEXT: ) -> dict[str, Tensor]:
// CHECK:          left, _ = x.chunk(2, dim=1)
// CHECK-NEXT:     return {"first": left, "again": left, "through": y}
// CHECK:          outputs = ("first", "again", "through")
