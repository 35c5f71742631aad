// RUN: ramiel-opt --outline-constants -t 'pytorch{directory="%t"}' %s | filecheck %s
// RUN: filecheck %s --check-prefix LAYOUTS --input-file %t/_layouts.py

// What a kernel wants in another layout stands in _layouts.py, so that model.py reads as without.
// A weight that the cluster also reads as it is keeps its name there.

task.program @layouts(%x : tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) {
  task.cluster @cluster_0 {
    %conv = dataflow.constant dense<2.0> : tensor<1x1x1x1xf32>
    %shared = dataflow.constant dense<3.0> : tensor<1x1x1x1xf32>
    %p = torch.prepare "operators.pack_conv2d"(%conv) {input_shape = [1, 1, 2, 2]} : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %q = torch.prepare "operators.pack_conv2d"(%shared) {input_shape = [1, 1, 2, 2]} : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %y = torch.call "operators.conv2d"(%x, %p) {activation = "relu"} : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
    %z = torch.call "operators.conv2d"(%y, %q) : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
    %s = torch.call "torch.relu"(%shared) : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    task.output %z, 0 : tensor<1x1x2x2xf32>
    task.output %s, 1 : tensor<1x1x1x1xf32>
  }
}
// CHECK: from . import _layouts as layouts
// CHECK-NEXT: from . import _operators as operators
// CHECK: y = operators.conv2d(x, w["conv"], activation="relu")
// CHECK-NEXT: z = operators.conv2d(y, w["shared for conv2d"])
// CHECK-NEXT: s = torch.relu(w["shared"])
// CHECK: clusters = (Cluster(cluster_0, reads=("x",), prepare=layouts.cluster_0),)

// LAYOUTS:      def cluster_0(w: Weights) -> dict[str, Tensor]:
// LAYOUTS:        layouts["conv"] = operators.pack_conv2d(w["conv"], input_shape=(1, 1, 2, 2))
// LAYOUTS-NEXT:   layouts["shared for conv2d"] = operators.pack_conv2d(
// LAYOUTS-NEXT:       w["shared"], input_shape=(1, 1, 2, 2)
// LAYOUTS:        return layouts
