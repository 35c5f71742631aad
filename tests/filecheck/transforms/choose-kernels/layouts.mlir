// RUN: ramiel-opt --choose-kernels %s | filecheck %s

// Without channels last no pooling and no convolution is changed.

dataflow.graph @layouts(%x : tensor<1x64x56x56xf32>) -> (tensor<1x64x28x28xf32>) {
  %y = torch.call "torch.nn.functional.max_pool2d"(%x) {kernel_size = 3, stride = 2, padding = 1} : (tensor<1x64x56x56xf32>) -> tensor<1x64x28x28xf32>
  dataflow.output %y : tensor<1x64x28x28xf32>
}

// CHECK: torch.call "torch.nn.functional.max_pool2d"
