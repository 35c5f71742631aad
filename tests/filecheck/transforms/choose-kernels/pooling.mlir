// RUN: ramiel-opt --choose-kernels %s | filecheck %s

// Where pictures have their channels last, oneDNN's poolings are called directly.

dataflow.graph @pooling(%x : tensor<1x64x56x56xf32>) -> (tensor<1x64x28x28xf32>, tensor<1x64x56x56xf32>) {
  %last = torch.call "channels_last"(%x) : (tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32>
  %y = torch.call "torch.nn.functional.max_pool2d"(%last) {kernel_size = 3, stride = 2, padding = 1} : (tensor<1x64x56x56xf32>) -> tensor<1x64x28x28xf32> loc("/pool")
  %z = torch.call "torch.nn.functional.avg_pool2d"(%last) {kernel_size = 3, stride = 1, padding = 1, count_include_pad = false} : (tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32>
  dataflow.output %y, %z : tensor<1x64x28x28xf32>, tensor<1x64x56x56xf32>
}

// CHECK:      %y = torch.call "operators.onednn_max_pool2d"(%last) {kernel_size = 3, stride = 2, padding = 1} : {{.*}} loc("/pool")
// CHECK-NEXT: %z = torch.call "operators.onednn_avg_pool2d"(%last) {kernel_size = 3, stride = 1, padding = 1, count_include_pad = false}

// The average of whole images is one window.

// CHECK-LABEL: @average
// CHECK:      torch.call "operators.onednn_avg_pool2d"(%{{.*}}) {kernel_size = 7} : (tensor<1x64x7x7xf32>) -> tensor<1x64x1x1xf32>
// CHECK-NEXT: torch.call "operators.onednn_avg_pool2d"(%{{.*}}) {kernel_size = [7, 5]}
// CHECK-NEXT: torch.call "torch.nn.functional.adaptive_avg_pool2d"(%{{.*}}) {output_size = [1, 5]}
dataflow.graph @average(%x : tensor<1x64x7x7xf32>, %y : tensor<1x64x7x5xf32>) -> (tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>, tensor<1x64x1x5xf32>) {
  %square = torch.call "channels_last"(%x) : (tensor<1x64x7x7xf32>) -> tensor<1x64x7x7xf32>
  %other = torch.call "channels_last"(%y) : (tensor<1x64x7x5xf32>) -> tensor<1x64x7x5xf32>
  %a = torch.call "torch.nn.functional.adaptive_avg_pool2d"(%square) {output_size = 1} : (tensor<1x64x7x7xf32>) -> tensor<1x64x1x1xf32>
  %b = torch.call "torch.nn.functional.adaptive_avg_pool2d"(%other) {output_size = 1} : (tensor<1x64x7x5xf32>) -> tensor<1x64x1x1xf32>
  %c = torch.call "torch.nn.functional.adaptive_avg_pool2d"(%other) {output_size = [1, 5]} : (tensor<1x64x7x5xf32>) -> tensor<1x64x1x5xf32>
  dataflow.output %a, %b, %c : tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>, tensor<1x64x1x5xf32>
}
