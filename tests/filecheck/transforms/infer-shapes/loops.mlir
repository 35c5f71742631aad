// RUN: ramiel-opt --infer-shapes %s | filecheck %s

// A value that goes round a loop is what it was before or what the body makes of it, and has the
// dimensions that these agree on.  What a body gives at each step is collected in rows.

dataflow.graph @loops(%n : tensor<i64>, %c : tensor<i1>, %x : tensor<?x5xf32, ["batch"]>, %rows : tensor<7x5xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0, %1 = onnx.Loop(%n, %c, %x) : (tensor<i64>, tensor<i1>, tensor<?x5xf32, ["batch"]>) -> (tensor<*xf32>, tensor<*xf32>) body {
  ^bb0(%i : tensor<i64>, %going : tensor<i1>, %value : tensor<3x5xf32>):
    %next = onnx.Tanh(%value) : (tensor<3x5xf32>) -> tensor<*xf32>
    dataflow.output %going, %next, %next : tensor<i1>, tensor<*xf32>, tensor<*xf32>
  }
  %2, %3 = onnx.Scan(%x, %rows) {num_scan_inputs = 1, scan_output_axes = [-1]} : (tensor<?x5xf32, ["batch"]>, tensor<7x5xf32>) -> (tensor<*xf32>, tensor<*xf32>) body {
  ^bb0(%state : tensor<?x5xf32, ["batch"]>, %row : tensor<5xf32>):
    %sum = onnx.Add(%state, %row) : (tensor<?x5xf32, ["batch"]>, tensor<5xf32>) -> tensor<*xf32>
    dataflow.output %sum, %row : tensor<*xf32>, tensor<5xf32>
  }
  dataflow.output %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// CHECK: onnx.Loop({{.*}}) -> (tensor<?x5xf32>, tensor<?x3x5xf32>) body {
// CHECK: onnx.Scan({{.*}}) -> (tensor<?x5xf32, ["batch"]>, tensor<5x?xf32>) body {
