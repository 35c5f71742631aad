// Regions print as if, for and while; a carried value is one variable.
// RUN: ramiel-opt %s --cluster -t pytorch | filecheck %s --strict-whitespace

dataflow.graph @control(%c : tensor<i1>, %x : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %w = dataflow.weight "bias" : tensor<2xf32>
  %y = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
    %a = torch.call "torch.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %a : tensor<2xf32>
  } else {
    dataflow.output %x : tensor<2xf32>
  }
  // CHECK:          if c:
  // CHECK-NEXT:         y = torch.relu(x)
  // CHECK-NEXT:     else:
  // CHECK-NEXT:         y = x
  %total, %sums = torch.for(_, %y) {trips = 5} : (tensor<2xf32>) -> (tensor<2xf32>, !onnx.sequence<tensor<2xf32>>) do {
  ^bb0(%i : index, %s : tensor<2xf32>):
    %next = torch.call "operator.add"(%s, %w) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %next, %next : tensor<2xf32>, tensor<2xf32>
  }
  // CHECK-NEXT:     total = y
  // CHECK-NEXT:     sums = []
  // CHECK-NEXT:     for _ in range(5):
  // CHECK-NEXT:         total = total + w["bias"]
  // CHECK-NEXT:         sums.append(total)
  %last = torch.while(_, %c, %total) : (tensor<i1>, tensor<2xf32>) -> tensor<2xf32> do {
  ^bb0(%j : index, %running : tensor<i1>, %t : tensor<2xf32>):
    %more = torch.call "operator.add"(%t, %t) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    dataflow.output %running, %more : tensor<i1>, tensor<2xf32>
  }
  // CHECK-NEXT:     running = c
  // CHECK-NEXT:     last = total
  // CHECK-NEXT:     while running:
  // CHECK-NEXT:         last = last + last
  dataflow.output %y, %total, %last : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
