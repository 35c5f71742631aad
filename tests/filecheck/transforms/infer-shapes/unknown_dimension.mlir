// RUN: not ramiel-opt -p 'infer-shapes{dims="height=8"}' %s 2>&1 | filecheck %s

dataflow.graph @fix(%x : tensor<?x?xf32, ["batch", "length"]>) -> (tensor<?x?xf32, ["batch", "length"]>) {
  dataflow.output %x : tensor<?x?xf32, ["batch", "length"]>
}

// CHECK: ramiel-opt: no input of @fix has a dimension 'height'
