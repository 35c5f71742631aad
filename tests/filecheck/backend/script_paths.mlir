// RUN: ramiel-opt -t 'pytorch{style="script"}' %s | filecheck %s
// RUN: ramiel-opt -t 'pytorch{style="script"}' %s | python -c "import ast, sys; ast.parse(sys.stdin.read())"

// Whatever stands in a module's path: braces and quotes are text, also where the path goes on from
// that of the function's own module.

torch.function @inner(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.call "torch.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}
torch.function @outer(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %a = torch.invoke @inner "a{0}"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %b = torch.invoke @inner "say \"b\""(%a) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %b : tensor<4xf32>
}
dataflow.graph @net(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = torch.invoke @outer "{module}"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %y : tensor<4xf32>
}

// CHECK: a = run_inner(f"{module}.a{{[{][{]0[}][}]}}", x)
// CHECK: return run_inner(f'{module}.say "b"', a)
// CHECK: return run_outer("{module}", x)
