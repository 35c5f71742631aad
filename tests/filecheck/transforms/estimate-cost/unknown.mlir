// RUN: ramiel-opt --allow-unregistered-dialect --estimate-cost %s | filecheck %s

// Unknown dimensions count as 1.  An operation without a meaning in PyTorch gets no cost: it may be
// one that only an extension knows how to schedule.

dataflow.graph @unknown(%x : tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  // CHECK:      torch.call "torch.relu"(%x) {{.*}} attributes {cost = [4008]}
  %a = torch.call "torch.relu"(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK-NEXT: "vision.blur"(%a) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = "vision.blur"(%a) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK-NEXT: "onnx.custom"(%b)
  // CHECK-NOT:  cost
  %c = "onnx.custom"(%b) <{domain = "com.acme", op_type = "Wobble", version = 3 : i64, node_attributes = {}}> : (tensor<?x8xf32>) -> tensor<?x8xf32>
  dataflow.output %c : tensor<?x8xf32>
}
