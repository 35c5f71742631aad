// RUN: ramiel-opt --integer-shapes --convert-onnx-to-torch --dce --cluster -t pytorch --split-input-file %s | filecheck %s

// Products and quotients of sizes are integer arithmetic; a limit that may be negative gives an
// empty range, as ONNX has it.

// CHECK-LABEL: async def cluster_0
// CHECK:      length = x.shape[1]
// CHECK-NEXT: half = length // 2
// CHECK-NEXT: less = half - 1
// CHECK-NEXT: max_ = max(less, 0)
// CHECK-NEXT: y = torch.arange(max_)
dataflow.graph @range(%x : tensor<1x?xf32, ["length"]>) -> (tensor<?xi64>) {
  %zero = dataflow.constant dense<0> : tensor<i64>
  %one = dataflow.constant dense<1> : tensor<i64>
  %two = dataflow.constant dense<2> : tensor<i64>
  %sizes = onnx.Shape(%x) : (tensor<1x?xf32, ["length"]>) -> tensor<2xi64>
  %length = onnx.Gather(%sizes, %one) : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %half = onnx.Div(%length, %two) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %less = onnx.Sub(%half, %one) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %y = onnx.Range(%zero, %less, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  dataflow.output %y : tensor<?xi64>
}

// -----

// A size that flows into arithmetic with tensors becomes a tensor there, and only there.

// CHECK-LABEL: async def cluster_0
// CHECK:      length = x.shape[1]
// CHECK-NEXT: as_tensor = torch.tensor(length, dtype=torch.float32)
// CHECK-NEXT: y = x / as_tensor
dataflow.graph @mean(%x : tensor<1x?xf32, ["length"]>) -> (tensor<1x?xf32>) {
  %one = dataflow.constant dense<1> : tensor<i64>
  %sizes = onnx.Shape(%x) : (tensor<1x?xf32, ["length"]>) -> tensor<2xi64>
  %length = onnx.Gather(%sizes, %one) : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %as_tensor = onnx.Cast(%length) {to = 1} : (tensor<i64>) -> tensor<f32>
  %y = onnx.Div(%x, %as_tensor) : (tensor<1x?xf32, ["length"]>, tensor<f32>) -> tensor<1x?xf32>
  dataflow.output %y : tensor<1x?xf32>
}

// -----

// Division is not followed where a side may be negative: ONNX rounds towards zero, Python down.

// CHECK-LABEL: async def cluster_0
// CHECK:      rounding_mode="trunc"
dataflow.graph @negative(%x : tensor<?xf32, ["n"]>) -> (tensor<1xi64>) {
  %five = dataflow.constant dense<5> : tensor<1xi64>
  %two = dataflow.constant dense<2> : tensor<1xi64>
  %n = onnx.Shape(%x) : (tensor<?xf32, ["n"]>) -> tensor<1xi64>
  %less = onnx.Sub(%n, %five) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %half = onnx.Div(%less, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  dataflow.output %half : tensor<1xi64>
}

// -----

// A remainder by a known number is never negative, so that what is left of a window is an integer
// too; it may take any way through a matrix to where Pad wants it.

// CHECK-LABEL: async def cluster_0
// CHECK:      length = x.shape[1]
// CHECK-NEXT: over = length % 4
// CHECK-NEXT: left = 4 - over
// CHECK-NEXT: missing = left % 4
// CHECK-NEXT: y = F.pad(x, (0, missing))
dataflow.graph @window(%x : tensor<1x?xf32, ["length"]>) -> (tensor<1x?xf32>) {
  %zeros = dataflow.constant dense<0> : tensor<1xi64>
  %one = dataflow.constant dense<1> : tensor<1xi64>
  %four = dataflow.constant dense<4> : tensor<1xi64>
  %last = dataflow.constant dense<-1> : tensor<1xi64>
  %lowest = dataflow.constant dense<-9223372036854775807> : tensor<1xi64>
  %pairs = dataflow.constant dense<[-1, 2]> : tensor<2xi64>
  %none = dataflow.constant dense<0> : tensor<2xi64>
  %sizes = onnx.Shape(%x) : (tensor<1x?xf32, ["length"]>) -> tensor<2xi64>
  %length = onnx.Gather(%sizes, %one) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %over = onnx.Mod(%length, %four) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %left = onnx.Sub(%four, %over) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %missing = onnx.Mod(%left, %four) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %ends = onnx.Concat(%zeros, %missing, %none) {axis = 0} : (tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<4xi64>
  %matrix = onnx.Reshape(%ends, %pairs) : (tensor<4xi64>, tensor<2xi64>) -> tensor<2x2xi64>
  %flipped = onnx.Slice(%matrix, %last, %lowest, %zeros, %last) : (tensor<2x2xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x2xi64>
  %turned = onnx.Transpose(%flipped) {perm = [1, 0]} : (tensor<2x2xi64>) -> tensor<2x2xi64>
  %pads = onnx.Reshape(%turned, %last) : (tensor<2x2xi64>, tensor<1xi64>) -> tensor<4xi64>
  %y = onnx.Pad(%x, %pads) : (tensor<1x?xf32, ["length"]>, tensor<4xi64>) -> tensor<1x?xf32>
  dataflow.output %y : tensor<1x?xf32>
}
