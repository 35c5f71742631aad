// RUN: ramiel-opt -p 'cluster,merge-clusters' %s | filecheck %s

// Names, locations, attributes and the properties of the graph survive.

dataflow.graph @kept(%image : tensor<4xf32>) -> (tensor<4xf32>)
    attributes {weights = "kept.onnx", opset = {ai.onnx = 17}, input_names = ["image"],
                output_names = ["logits"], producer = "test"} {
  %features = onnx.Relu(%image) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [10], note = "kept"} loc("/body/Relu")
  dataflow.output %features : tensor<4xf32>
}

// CHECK:      task.program @kept(%image : tensor<4xf32>)
// CHECK-SAME:   weights = "kept.onnx", opset = {ai.onnx = 17}, input_names = ["image"]
// CHECK-SAME:   output_names = ["logits"], producer = "test"
// CHECK:      %features = onnx.Relu(%image)
// CHECK-SAME:   attributes {cost = [10], note = "kept"} loc("/body/Relu")
