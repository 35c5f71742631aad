// RUN: env RAMIEL_CALIBRATION=%S/Inputs/calibration.json RAMIEL_CACHE=%t ramiel-opt -p 'estimate-cost{model=profile cores=2 mebibytes=1}' %s | filecheck %s
// RUN: env RAMIEL_CALIBRATION=%S/Inputs/calibration.json RAMIEL_CACHE=%t ramiel-opt -p 'estimate-cost{model=profile cores=2 mebibytes=1}' %s 2>&1 >/dev/null | filecheck %s --check-prefix REMARK

// Weights and results of more bytes than may be alive at once: nothing is run, and each operation
// costs what the roofline model says of the calibration, with a remark.

// REMARK: 1 operations not profiled, roofline instead: the model needs more than 1048576 bytes

dataflow.graph @large(%x : tensor<1000x1000xf32>) -> (tensor<1000x1000xf32>) {
  // CHECK: torch.call "torch.relu"{{.*}} attributes {cost = [801000, 501000]}
  %r = torch.call "torch.relu"(%x) : (tensor<1000x1000xf32>) -> tensor<1000x1000xf32>
  dataflow.output %r : tensor<1000x1000xf32>
}
