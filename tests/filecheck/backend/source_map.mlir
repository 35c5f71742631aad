// RUN: ramiel-opt -t 'pytorch{directory="%t"}' %s > %t.py
// RUN: filecheck %s --input-file %t/model.map.json
// RUN: diff %t.py %t/model.py

// model.map.json leads from a line of model.py to the node of the ONNX model. A statement of
// several lines has one entry for each.

task.program @mapped(%x : tensor<1x3x8x8xf32>) -> (tensor<1x3x8x8xf32>) {
  task.cluster @cluster_0 {
    %a = torch.call "torch.relu"(%x) : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32> loc("/first/Relu")
    %a_long_name_for_a_sum_that_does_not_fit_on_one_line = torch.call "torch.nn.functional.leaky_relu"(%a) {negative_slope = 0.125} : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32> loc("/second/LeakyRelu")
    task.output %a_long_name_for_a_sum_that_does_not_fit_on_one_line, 0 : tensor<1x3x8x8xf32>
  }
}

// CHECK:      "{{[0-9]+}}": {
// CHECK-NEXT:   "node": "/first/Relu",
// CHECK-NEXT:   "operation": "torch.relu"
// CHECK-NEXT: },
// CHECK-NEXT: "{{[0-9]+}}": {
// CHECK-NEXT:   "node": "/second/LeakyRelu",
// CHECK-NEXT:   "operation": "torch.nn.functional.leaky_relu"
// CHECK-NEXT: },
// CHECK-NEXT: "{{[0-9]+}}": {
// CHECK-NEXT:   "node": "/second/LeakyRelu",
