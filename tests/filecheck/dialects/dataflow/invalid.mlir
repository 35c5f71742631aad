// RUN: ramiel-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// CHECK: /first reads a value that is not defined before it
dataflow.graph @order(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%z) : (tensor<4xf32>) -> tensor<4xf32> loc("/first")
  %z = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/second")
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: onnx.Relu reads a value that is not defined before it
dataflow.graph @order_in_region(%x : tensor<4xf32>, %p : tensor<i1>) -> (tensor<4xf32>) {
  %y = onnx.If(%p) : (tensor<i1>) -> tensor<4xf32> else_branch {
    dataflow.output %x : tensor<4xf32>
  } then_branch {
    %a = onnx.Relu(%late) : (tensor<4xf32>) -> tensor<4xf32>
    dataflow.output %a : tensor<4xf32>
  }
  %late = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// -----

// CHECK: onnx.Relu terminates block in single-block region but is not a terminator
dataflow.graph @open(%x : tensor<4xf32>) -> () {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
}

// -----

// CHECK: dataflow.graph contains empty block in single-block region that expects at least a terminator
dataflow.graph @nothing(%x : tensor<4xf32>) -> () {
}

// -----

// CHECK: dataflow.output does not match the graph's result types
dataflow.graph @types(%x : tensor<4xf32>) -> (tensor<5xf32>) {
  dataflow.output %x : tensor<4xf32>
}

// -----

// CHECK: dataflow.output does not match the graph's result types
dataflow.graph @count(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  dataflow.output
}

// -----

// CHECK: expected dense<…> : tensor<…>
dataflow.graph @constant() -> () {
  %c = dataflow.constant 4 : i64
  dataflow.output
}

// -----

// CHECK: the constant's value has another type than its result
"dataflow.graph"() <{sym_name = "constant_type", function_type = () -> ()}> ({
  %c = "dataflow.constant"() <{value = dense<1> : tensor<2xi64>}> : () -> tensor<3xi64>
  "dataflow.output"() : () -> ()
}) : () -> ()

// -----

// CHECK: must be in the folder of the .mlir file
dataflow.graph @outside() -> () attributes {weights = "../secret.onnx"} {
  dataflow.output
}
