// RUN: rm -rf %t && mkdir %t && cp %s %t/in.mlir
// RUN: not ramiel-opt -t 'pytorch{directory="%t/out"}' %t/in.mlir 2>&1 | filecheck %s --check-prefix FILE
// RUN: python %S/Inputs/write_weights.py %t/weights.safetensors other=4
// RUN: not ramiel-opt -t 'pytorch{directory="%t/out"}' %t/in.mlir 2>&1 | filecheck %s --check-prefix NAME
// RUN: python %S/Inputs/write_weights.py %t/weights.safetensors w=5
// RUN: not ramiel-opt -t 'pytorch{directory="%t/out"}' %t/in.mlir 2>&1 | filecheck %s --check-prefix SHAPE
// RUN: test ! -e %t/out
// RUN: python %S/Inputs/write_weights.py %t/weights.safetensors w=4
// RUN: ramiel-opt -t 'pytorch{directory="%t/out"}' %t/in.mlir
// RUN: test -e %t/out/model.py

// A package is written only with the weights that the text names: file, name and type.

// FILE:       %w = dataflow.weight "w" : tensor<4xf32>
// FILE-NEXT:  ^
// FILE-NEXT:  no weights file {{.*}}weights.safetensors
// NAME:       %w = dataflow.weight "w" : tensor<4xf32>
// NAME-NEXT:  ^
// NAME-NEXT:  no weight 'w' in weights.safetensors
// SHAPE:      %w = dataflow.weight "w" : tensor<4xf32>
// SHAPE-NEXT: ^
// SHAPE-NEXT: weight 'w' is tensor<5xf32> in its file, not tensor<4xf32>
task.program @sum(%x : tensor<4xf32>) -> (tensor<4xf32>) attributes {weights = "weights.safetensors"} {
  task.cluster @all {
    %w = dataflow.weight "w" : tensor<4xf32>
    %y = torch.call "operator.add"(%x, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    task.output %y, 0 : tensor<4xf32>
  }
}
