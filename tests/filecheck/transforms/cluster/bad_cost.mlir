// RUN: not ramiel-opt --cluster %s 2>&1 | filecheck %s
// RUN: not ramiel-opt -p 'cluster{algorithm=guess}' %s 2>&1 | filecheck %s --check-prefix ALGORITHM

// CHECK:     ramiel-opt: /conv/Relu: cost must be a list of ns on 1, 2, … cores, not [-5 : i64]
// ALGORITHM: ramiel-opt: cluster: there is no algorithm 'guess', only dsc, linear, list, moldable, portfolio

dataflow.graph @negative(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> attributes {cost = [-5]} loc("/conv/Relu")
  dataflow.output %y : tensor<4xf32>
}
