// RUN: ramiel-opt -t pytorch %s | filecheck %s

// A block that is whole in its cluster, as another one is, is a function that both call with the
// module whose weights it takes.  What a message interrupts stays as it is.

task.program @rows(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>)
    attributes {weights = "rows.safetensors", opset = {ai.onnx = 17}, input_names = ["x"], output_names = ["y"]} {
  %to_right = task.channel : !task.channel<tensor<1x4xf32>>
  %half = task.channel : !task.channel<tensor<1x4xf32>>
  %back = task.channel : !task.channel<tensor<1x4xf32>>
  task.cluster @cluster_0 {
    %w0 = dataflow.weight "rows.0.weight" : tensor<4x4xf32>
    %a0 = torch.call "operator.matmul"(%x, %w0) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32> loc("/rows.0/MatMul")
    %a1 = torch.call "torch.relu"(%a0) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.0/Relu")
    %a2 = torch.call "torch.tanh"(%a1) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.0/Tanh")
    %a3 = torch.call "operator.add"(%a2, %x) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.0/Add")
    task.send %a3, %to_right : tensor<1x4xf32>
    %w2 = dataflow.weight "rows.2.weight" : tensor<4x4xf32>
    %c0 = torch.call "operator.matmul"(%a3, %w2) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32> loc("/rows.2/MatMul")
    %c1 = torch.call "torch.relu"(%c0) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.2/Relu")
    task.send %c1, %half : tensor<1x4xf32>
    %c2 = torch.call "torch.tanh"(%c1) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.2/Tanh")
    %c3 = torch.call "operator.add"(%c2, %a3) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.2/Add")
    %b = task.recv %back : tensor<1x4xf32>
    %y = torch.call "operator.add"(%c3, %b) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/Add")
    task.output %y, 0 : tensor<1x4xf32>
  }
  task.cluster @cluster_1 {
    %x1 = task.recv %to_right : tensor<1x4xf32>
    %w1 = dataflow.weight "rows.1.weight" : tensor<4x4xf32>
    %b0 = torch.call "operator.matmul"(%x1, %w1) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32> loc("/rows.1/MatMul")
    %b1 = torch.call "torch.relu"(%b0) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.1/Relu")
    %b2 = torch.call "torch.tanh"(%b1) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.1/Tanh")
    %b3 = torch.call "operator.add"(%b2, %x1) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/rows.1/Add")
    %h = task.recv %half : tensor<1x4xf32>
    %b4 = torch.call "operator.mul"(%b3, %h) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("/Mul")
    task.send %b4, %back : tensor<1x4xf32>
  }
}

// CHECK:      def run_row(module: str, x: Tensor, w: Weights) -> Tensor:
// CHECK-NEXT:     """What 2 modules of the model do; `module` is the one's name."""
// CHECK-NEXT:     matmul = x @ w[f"{module}.weight"]
// CHECK:          return tanh + x
// CHECK:      async def cluster_0(
// CHECK-NEXT:     """9 operations.
// CHECK:          rows_0 = run_row("rows.0", x, w)
// CHECK-NEXT:     channels.send("rows_0", rows_0, to="cluster_1")
// CHECK:          rows_0 @ w["rows.2.weight"]
// CHECK:      async def cluster_1(
// CHECK:          rows_1 = run_row("rows.1", rows_0, w)
