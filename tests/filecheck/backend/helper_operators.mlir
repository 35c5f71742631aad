// RUN: ramiel-opt -t 'pytorch{directory="%t"}' %s | filecheck %s
// RUN: filecheck %s --check-prefix HELPERS --input-file %t/_operators.py
// RUN: ls %t | filecheck %s --check-prefix FILES

// Operators that take more than an expression are functions in _operators.py, which the package
// carries only if it calls one.

task.program @helpers(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  task.cluster @cluster_0 {
    %y = torch.call "operators.shrink"(%x) {lambd = 0.5, bias = 0.0} : (tensor<4xf32>) -> tensor<4xf32> loc("/Shrink")
    task.output %y, 0 : tensor<4xf32>
  }
}

// CHECK: from . import _operators as operators
// CHECK: y = operators.shrink(x, lambd=0.5, bias=0.0)

// HELPERS:     import torch
// HELPERS-NOT: ramiel
// HELPERS:     def shrink(x: torch.Tensor, lambd: float, bias: float) -> torch.Tensor:
// HELPERS-NOT: def

// FILES:      __init__.py
// FILES-NEXT: __main__.py
// FILES-NEXT: _operators.py
// FILES-NEXT: _runtime
// FILES-NEXT: model.map.json
// FILES-NEXT: model.py
// FILES-NEXT: weights.json
// FILES-NEXT: weights.safetensors
