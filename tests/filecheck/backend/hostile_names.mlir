// RUN: ramiel-opt -t pytorch %s | filecheck %s
// RUN: ramiel-opt -t pytorch %s > %t.py && python -c "import ast, sys; names = {n.id for n in ast.walk(ast.parse(open(sys.argv[1]).read())) if isinstance(n, ast.Name)}; assert 'evil' not in names, names" %t.py

// Names from the model never become code: not those of inputs, outputs, weights, nodes and files.
// Keywords, builtins and what the module itself uses get an underscore.

task.program @hostile(%x : tensor<2x4xf32>, %lambda : tensor<2x4xf32>, %torch : tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>)
    attributes {weights = "\22\22\22 + evil() + .safetensors", input_names = ["x\22)); evil() #", "lambda", "a\0Ab"], output_names = ["y\22: evil(), \22", "\5C"]} {
  task.cluster @cluster_0 {
    %w = dataflow.weight "w\22]; evil() #\0A\5C" : tensor<2x4xf32>
    %import = torch.call "operator.add"(%x, %w) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("evil\0Aimport os\22\22\22/Add")
    %class = torch.call "operator.mul"(%import, %lambda) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("evil\0Aimport os\22\22\22/Mul")
    %def = torch.call "operator.mul"(%class, %class) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("evil\0Aimport os\22\22\22/Mul")
    %print = torch.call "operator.mul"(%def, %torch) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> loc("evil\0Aimport os\22\22\22/Mul")
    task.output %print, 0 : tensor<2x4xf32>
    task.output %class, 1 : tensor<2x4xf32>
  }
}

// CHECK:      """Hostile, from ??? + evil() + .safetensors: one cluster.
// CHECK:          # evil?import os???
// CHECK-NEXT:     import_ = x + w['w"]; evil() #\n\\']
// CHECK-NEXT:     class_ = import_ * lambda_
// CHECK-NEXT:     def_ = class_ * class_
// CHECK-NEXT:     print_ = def_ * torch_
// CHECK-NEXT:     return {'y": evil(), "': print_, "\\": class_}
// CHECK:          inputs = (
// CHECK-NEXT:         Input('x")); evil() #', torch.float32, (2, 4)),
// CHECK-NEXT:         Input("lambda", torch.float32, (2, 4)),
// CHECK-NEXT:         Input("a\nb", torch.float32, (2, 4)),
// CHECK-NEXT:     )
// CHECK-NEXT:     outputs = ('y": evil(), "', "\\")
