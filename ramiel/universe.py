"""What Ramiel offers to every xDSL tool: dialects, passes and a target, made on demand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from xdsl.universe import Universe


def _lazy(module: str, name: str, call: bool = False) -> Callable[[], Any]:
    """A factory that imports `name` from a module of ramiel when it is asked for."""

    def make() -> Any:
        value = getattr(importlib.import_module(f"ramiel.{module}"), name)
        return value() if call else value

    return make


PASSES = {
    "upgrade-onnx": ("transforms.upgrade_onnx", "UpgradeOnnx"),
    "infer-shapes": ("transforms.infer_shapes", "InferShapes"),
    "canonicalize-onnx": ("transforms.canonicalize_onnx", "CanonicalizeOnnx"),
    "constant-fold": ("transforms.constant_fold", "ConstantFold"),
    "fuse-batch-norm": ("transforms.fuse_batch_norm", "FuseBatchNorm"),
    "fuse-affine": ("transforms.fuse_affine", "FuseAffine"),
    "fuse-pad": ("transforms.fuse_pad", "FusePad"),
    "fuse-crop": ("transforms.fuse_crop", "FuseCrop"),
    "symmetric-pads": ("transforms.symmetric_pads", "SymmetricPads"),
    "fuse-gelu": ("transforms.fuse_gelu", "FuseGelu"),
    "fuse-layer-norm": ("transforms.fuse_layer_norm", "FuseLayerNorm"),
    "fuse-attention": ("transforms.fuse_attention", "FuseAttention"),
    "integer-shapes": ("transforms.integer_shapes", "IntegerShapes"),
    "convert-onnx-to-torch": ("transforms.convert_onnx_to_torch", "ConvertOnnxToTorch"),
    "outline-constants": ("transforms.outline_constants", "OutlineConstants"),
    "fuse-linear": ("transforms.fuse_linear", "FuseLinear"),
    "own-parameters": ("transforms.own_parameters", "OwnParameters"),
    "outline-blocks": ("transforms.outline_blocks", "OutlineBlocks"),
    "recover-names": ("transforms.recover_names", "RecoverNames"),
    "reduce-precision": ("transforms.reduce_precision", "ReducePrecision"),
    "pack-weights": ("transforms.pack_weights", "PackWeights"),
    "fuse-activation": ("transforms.fuse_activation", "FuseActivation"),
    "channels-last": ("transforms.channels_last", "ChannelsLast"),
    "choose-kernels": ("transforms.choose_kernels", "ChooseKernels"),
    "clone": ("transforms.clone", "Clone"),
    "estimate-cost": ("transforms.estimate_cost", "EstimateCost"),
    "cluster": ("transforms.cluster", "Cluster"),
    "fuse-in-clusters": ("transforms.fuse_in_clusters", "FuseInClusters"),
    "record-clusters": ("transforms.record_clusters", "RecordClusters"),
    "serialize": ("transforms.serialize", "Serialize"),
    "merge-clusters": ("transforms.merge_clusters", "MergeClusters"),
    "duplicate-tasks": ("transforms.duplicate_tasks", "DuplicateTasks"),
    "hypercluster": ("transforms.hypercluster", "Hypercluster"),
}
"""Pass names, each the name of a file in ramiel/transforms; xDSL's own cse, dce and canonicalize
stand beside them."""

RAMIEL_UNIVERSE = Universe(
    all_dialects={
        "dataflow": _lazy("dialects.dataflow", "Dataflow"),
        "onnx": _lazy("dialects.onnx", "get_onnx", call=True),
        "task": _lazy("dialects.task", "Task"),
        "torch": _lazy("dialects.torch", "Torch"),
    },
    all_passes={name: _lazy(*where) for name, where in PASSES.items()},
    all_targets={"pytorch": _lazy("backend.target", "PyTorchTarget")},
)
