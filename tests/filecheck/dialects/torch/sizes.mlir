// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt --print-op-generic %s | ramiel-opt | filecheck %s --check-prefix AGAIN

// Integers stand in brackets, after the other operands; `#torch.size<0>` in a literal, and `$0` in
// an index, is the place of the first.

// CHECK:      %n = torch.call "integer.size"(%x) {dim = 0} : (tensor<?x4xf32>) -> index
// CHECK-NEXT: torch.call "Tensor.reshape"(%x)[%n] {shape = [2, -1, #torch.size<0>]} : (tensor<?x4xf32>, index) -> tensor<2x?x?xf32>
// CHECK-NEXT: torch.call "Tensor.__getitem__"(%x)[%n] {index = [":", "1:$0"]}
// AGAIN:      torch.call "Tensor.reshape"(%x)[%n] {shape = [2, -1, #torch.size<0>]}
dataflow.graph @sizes(%x : tensor<?x4xf32>) -> (tensor<2x?x?xf32>, tensor<?x?xf32>) {
  %n = torch.call "integer.size"(%x) {dim = 0} : (tensor<?x4xf32>) -> index
  %y = torch.call "Tensor.reshape"(%x)[%n] {shape = [2, -1, #torch.size<0>]} : (tensor<?x4xf32>, index) -> tensor<2x?x?xf32>
  %z = torch.call "Tensor.__getitem__"(%x)[%n] {index = [":", "1:$0"]} : (tensor<?x4xf32>, index) -> tensor<?x?xf32>
  dataflow.output %y, %z : tensor<2x?x?xf32>, tensor<?x?xf32>
}
