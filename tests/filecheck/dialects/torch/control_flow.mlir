// Control flow holds regions of torch.call; its text is read back as it was printed.
// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s

dataflow.graph @control(%c : tensor<i1>, %x : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  // CHECK: %0 = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
  // CHECK-NEXT: torch.call "torch.relu"(%x)
  // CHECK: } else {
  // CHECK-NEXT: dataflow.output %x
  %0 = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    %a = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %a : tensor<2xf32>
  } else {
    dataflow.output %x : tensor<2xf32>
  }
  // CHECK: %1, %list = torch.for(_, %x) {trips = 5} : (tensor<2xf32>) -> (tensor<2xf32>, !onnx.sequence<tensor<2xf32>>) do {
  // CHECK-NEXT: ^bb0(%i: index, %s: tensor<2xf32>):
  %1, %list = torch.for(_, %x) {trips = 5} : (tensor<2xf32>) -> (tensor<2xf32>, !onnx.sequence<tensor<2xf32>>) do {
  ^bb0(%i : index, %s : tensor<2xf32>):
    %next = torch.call "operator.add"(%s, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %next, %next : tensor<2xf32>, tensor<2xf32>
  }
  // CHECK: %2 = torch.while(_, %c, %1) : (tensor<i1>, tensor<2xf32>) -> tensor<2xf32> do {
  %2 = torch.while(_, %c, %1) : (tensor<i1>, tensor<2xf32>) -> tensor<2xf32> do {
  ^bb0(%j : index, %running : tensor<i1>, %t : tensor<2xf32>):
    dataflow.output %running, %t : tensor<i1>, tensor<2xf32>
  }
  dataflow.output %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
