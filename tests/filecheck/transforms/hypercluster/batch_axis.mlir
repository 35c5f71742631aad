// RUN: ramiel-opt -p 'cluster,hypercluster{batch=4}' %s | filecheck %s
// RUN: ramiel-opt -p 'cluster,hypercluster{batch=4 shared="mask"}' %s | filecheck %s --check-prefix SHARED
// RUN: not ramiel-opt -p 'cluster,hypercluster{batch=4 shared="ids","mask","table"}' %s 2>&1 | filecheck %s --check-prefix NONE
// RUN: not ramiel-opt -p 'cluster,hypercluster{batch=4 shared="nothing"}' %s 2>&1 | filecheck %s --check-prefix UNKNOWN
// RUN: not ramiel-opt -p 'cluster,hypercluster{batch=0}' %s 2>&1 | filecheck %s --check-prefix ZERO
// RUN: not ramiel-opt -p 'cluster,hypercluster{batch=4},merge-clusters' %s 2>&1 | filecheck %s --check-prefix LAST

// The first input says what axis 0 of one sample is, here a dimension with a name; every input that
// has it is split, the others (%table) are shared.  `shared` shares more.

// CHECK:  samples = 4, batch_inputs = [0, 1]
// SHARED: samples = 4, batch_inputs = [0]
// NONE: hypercluster: no input has a batch axis, so the samples would be equal
// UNKNOWN: hypercluster: there is no input 'nothing' to share
// ZERO: hypercluster: batch must be at least 1, not 0
// LAST: @named has workers already: hypercluster must be the last pass

dataflow.graph @named(%ids : tensor<?x4xf32, ["n"]>, %mask : tensor<?xf32, ["n"]>, %table : tensor<9x4xf32>) -> (tensor<?x4xf32, ["n"]>)
    attributes {input_names = ["ids", "mask", "table"], output_names = ["y"]} {
  %a = onnx.Relu(%ids) : (tensor<?x4xf32, ["n"]>) -> tensor<?x4xf32, ["n"]>
  dataflow.output %a : tensor<?x4xf32, ["n"]>
}
