// RUN: not ramiel-opt --split-input-file %s 2>&1 | filecheck %s
// RUN: ramiel-opt --parsing-diagnostics --split-input-file %s | filecheck %s

// A text may name weights beside it, and nothing outside its folder.

// CHECK: weights "/etc/passwd" must be in the folder of the .mlir file
dataflow.graph @absolute() -> () attributes {weights = "/etc/passwd"} {
  dataflow.output
}
