// RUN: not ramiel-opt -p 'cluster{message-ns=-1}' %s 2>&1 | filecheck %s --check-prefix MESSAGE
// RUN: not ramiel-opt -p 'cluster{message-ns-per-byte=-0.5}' %s 2>&1 | filecheck %s --check-prefix BYTE
// RUN: not ramiel-opt -p 'cluster{max-clusters=0}' %s 2>&1 | filecheck %s --check-prefix CLUSTERS

// MESSAGE:  ramiel-opt: message-ns is -1, not at least 0
// BYTE:     ramiel-opt: message-ns-per-byte is -0.5, not at least 0
// CLUSTERS: ramiel-opt: cluster: max-clusters must be at least 1, not 0

dataflow.graph @one(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [5]}
  dataflow.output %y : tensor<4xf32>
}
