// RUN: env RAMIEL_CALIBRATION=%S/Inputs/calibration.json ramiel-opt -p 'estimate-cost{model=roofline cores=2}' %s | filecheck %s
// RUN: not env RAMIEL_CALIBRATION=%S/Inputs/calibration.json ramiel-opt -p 'estimate-cost{model=roofline executor=pigeons}' %s 2>&1 | filecheck %s --check-prefix EXECUTOR
// RUN: not env RAMIEL_CALIBRATION=%s ramiel-opt -p 'estimate-cost{model=roofline}' %s 2>&1 | filecheck %s --check-prefix NONE

// The larger of what the peak and what the bandwidth allow, and a constant for the call; on one
// core and on two.  The calibration has 100 and 200 operations, 10 and 16 bytes a ns, 1 µs a call.

// EXECUTOR: executor 'pigeons' is not calibrated; there are: threads
// NONE: holds no calibration of version 3

// The graph says what machine its costs are for: clustering and the simulation read it.
// CHECK: dataflow.graph @costs{{.*}} machine = {cores = 2, slowdown = [1.0, 1.25], message_ns = 8000, ns_per_byte = 0.5, send_ns = 1000, receive_ns = 2000, send_ns_per_byte = 0.25, call_ns = 30000, serial_call_ns = 5000}
dataflow.graph @costs(%x : tensor<1000x1000xf32>) -> (tensor<1000000xf32>) attributes {weights = "costs.onnx"} {
  %w = dataflow.weight "w" : tensor<1000x1000xf32>

  // 2 · 1000³ operations.
  // CHECK: torch.call "torch.nn.functional.linear"{{.*}} attributes {cost = [20001000, 10001000]}
  %m = torch.call "torch.nn.functional.linear"(%x, %w) : (tensor<1000x1000xf32>, tensor<1000x1000xf32>) -> tensor<1000x1000xf32>

  // 8 MB in and out.
  // CHECK-NEXT: torch.call "torch.relu"{{.*}} attributes {cost = [801000, 501000]}
  %r = torch.call "torch.relu"(%m) : (tensor<1000x1000xf32>) -> tensor<1000x1000xf32>

  // A view moves nothing.
  // CHECK-NEXT: torch.call "Tensor.reshape"{{.*}} attributes {cost = [1000, 1000]}
  %v = torch.call "Tensor.reshape"(%r) {shape = [1000000]} : (tensor<1000x1000xf32>) -> tensor<1000000xf32>
  dataflow.output %v : tensor<1000000xf32>
}
