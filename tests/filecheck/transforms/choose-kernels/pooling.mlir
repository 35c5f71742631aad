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
