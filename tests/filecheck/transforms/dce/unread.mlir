// RUN: ramiel-opt --dce %s | filecheck %s

// xDSL's dce drops what nobody reads, whole chains and weights included, and an If of pure branches.

dataflow.graph @dead(%x : tensor<2xf32>, %c : tensor<i1>) -> (tensor<2xf32>) attributes {weights = "w.safetensors"} {
  %w = dataflow.weight "unread" : tensor<2xf32>
  %0 = onnx.Add(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.Exp(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.If(%c) : (tensor<i1>) -> tensor<2xf32> else_branch {
    dataflow.output %x : tensor<2xf32>
  } then_branch {
    %neg = onnx.Neg(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %neg : tensor<2xf32>
  }
  %3 = onnx.Relu(%x) : (tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %3 : tensor<2xf32>
}

// CHECK:      dataflow.graph @dead
// CHECK-NEXT:   [[ALIVE:%.*]] = onnx.Relu(%x)
// CHECK-NEXT:   dataflow.output [[ALIVE]]
