// RUN: ramiel-opt --outline-constants --weights-out %t.safetensors %s | filecheck %s
// RUN: not ramiel-opt --outline-constants %s 2>&1 | filecheck %s --check-prefix UNSAVED
// RUN: ramiel-opt --outline-constants --weights-out %t.safetensors %s > %t.mlir && python -c "from safetensors.numpy import load_file; import sys; w = load_file(sys.argv[1]); print({k: v.tolist() for k, v in w.items()})" %t.safetensors | filecheck %s --check-prefix VALUES

// Constants that are still operands become weights: made once, not in each call.  Names that are
// taken get a number; the values go to a file, and the text refuses to name what is not in one.

// CHECK:      attributes {weights = "outline.mlir.tmp.safetensors"} {
// CHECK-NEXT:   %scale = dataflow.weight "scale" : tensor<2xf32> loc("/Constant")
// CHECK-NEXT:   {{.*}} = dataflow.weight "scale_1" : tensor<2xf32>
// CHECK-NEXT:   {{.*}} = dataflow.weight "constant" : tensor<i64>
// CHECK-NOT:    dataflow.constant

// UNSAVED: ramiel-opt: weight 'scale' is only in memory: give --weights-out FILE, or -t pytorch

// VALUES-DAG: 'scale': [2.0, 3.0]
// VALUES-DAG: 'scale_1': [4.0, 5.0]
// VALUES-DAG: 'constant': 7
dataflow.graph @outline(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %scale = dataflow.constant dense<[2.0, 3.0]> : tensor<2xf32> loc("/Constant")
  %scale_1 = dataflow.constant dense<[4.0, 5.0]> : tensor<2xf32>
  %0 = dataflow.constant dense<7> : tensor<i64>
  %a = onnx.Mul(%x, %scale) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %b = onnx.Mul(%a, %scale_1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %c = onnx.Mul(%b, %0) : (tensor<2xf32>, tensor<i64>) -> tensor<2xf32>
  dataflow.output %c : tensor<2xf32>
}
