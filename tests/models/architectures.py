"""The models that Ramiel must compile: architectures from packages, with random weights."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from calibration import calibrate, pictures
from shims import import_torchvision, stand_in
from torch import Tensor, nn


@dataclass(frozen=True)
class Example:
    """A network ready for export: calibrated, in evaluation mode."""

    network: nn.Module
    inputs: tuple[Tensor, ...]
    input_names: Sequence[str] = ("image",)
    output_names: Sequence[str] = ("scores",)


Maker = Callable[[], Example]


def of_pictures(network: nn.Module, size: int, batch: int, outputs: Sequence[str]) -> Example:
    """Calibrate on a batch of pictures; the example's input is another one."""
    calibrate(network, pictures(batch, size))
    return Example(network, (pictures(1, size, seed=7),), output_names=outputs)


def torchvision_classifier(name: str, size: int = 224, **options: Any) -> Maker:
    """A classifier of torchvision.models."""

    def make() -> Example:
        import_torchvision()
        models: Any = importlib.import_module("torchvision.models")
        network = getattr(models, name)(weights=None, **options)
        return of_pictures(network, size, 8, ["scores"])

    return make


def pytorchcv_classifier(name: str, size: int, batch: int = 4) -> Maker:
    """A classifier of pytorchcv."""

    def make() -> Example:
        import_torchvision()  # pytorchcv imports it where it is installed
        provider: Any = importlib.import_module("pytorchcv.model_provider")
        return of_pictures(provider.get_model(name), size, batch, ["scores"])

    return make


def yolov5s() -> Example:
    """Detections of a 640x640 picture, before non-maximum suppression."""
    import_torchvision()
    # For data sets, plots and training; the networks use none of them.
    stand_in("boto3", "cv2", "fire", "matplotlib", "pandas", "pkg_resources", "psutil")
    stand_in("sahi", "scipy", "seaborn", "tensorboard", "thop", "ultralytics")
    os.environ.setdefault("YOLOV5_CONFIG_DIR", "build")
    arguments, sys.argv = sys.argv, sys.argv[:1]  # the package reads them on import
    yolo: Any = importlib.import_module("yolov5.models.yolo")
    sys.argv = arguments
    logging.getLogger("yolov5").setLevel(logging.WARNING)
    folder = Path(yolo.__file__).parent
    network = yolo.Model(str(folder / "yolov5s.yaml"))
    detect = network.model[-1]
    detect.inplace, detect.export = False, True
    return of_pictures(network, 640, 4, ["detections"])


class RetinaNetBody(nn.Module):
    """RetinaNet's backbone and heads: scores and boxes of all anchors, not yet selected."""

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.backbone = detector.backbone
        self.head = detector.head

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        found = self.head(list(self.backbone(image).values()))
        return found["cls_logits"].sigmoid(), found["bbox_regression"]


def retinanet() -> Example:
    """RetinaNet with a ResNet-50 backbone on a 320x320 picture."""
    import_torchvision()
    detection: Any = importlib.import_module("torchvision.models.detection")
    detector = detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None)
    body = RetinaNetBody(detector)
    spread_out(detector)
    made = of_pictures(body, 320, 2, ["scores", "boxes"])
    # On noise, which the heads amplify most: saturated scores would magnify rounding.
    scale_last_layers(detector, *body(torch.randn(1, 3, 320, 320)))
    return made


def spread_out(detector: Any) -> None:
    """Initialise heads and pyramid so that activations keep their spread.

    RetinaNet's own initialisation (deviation 0.01, for training) makes all anchors score alike.
    """
    for part in (detector.head, detector.backbone.fpn):
        for layer in part.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
    nn.init.constant_(detector.head.classification_head.cls_logits.bias, -2.0)


@torch.no_grad()
def scale_last_layers(detector: Any, scores: Tensor, boxes: Tensor) -> None:
    """Bring logits and boxes to a deviation of about 1."""
    for layer, values in (
        (detector.head.classification_head.cls_logits, scores.logit(1e-6)),
        (detector.head.regression_head.bbox_reg, boxes),
    ):
        layer.weight /= values.std()


class Bert(nn.Module):
    """BERT with its outputs as a tuple."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        found = self.network(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return found.last_hidden_state, found.pooler_output


def bert_base() -> Example:
    """BERT base (12 layers) on 128 tokens."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import_torchvision()  # transformers imports it where it is installed
    transformers: Any = importlib.import_module("transformers")
    configuration = transformers.BertConfig(attn_implementation="eager")
    network = Bert(transformers.BertModel(configuration))
    ids = torch.randint(1000, 30000, (1, 128))
    return Example(
        network.eval(),
        (ids, torch.ones_like(ids), torch.zeros_like(ids)),
        ["input_ids", "attention_mask", "token_type_ids"],
        ["last_hidden_state", "pooler_output"],
    )


def towers() -> Example:
    """The recommender of towers.py on a batch of 16."""
    from towers import TASKS, Towers, example

    network = Towers()
    calibrate(network, *example(256))
    names = ["user", "item", "context", "history"]
    return Example(network, example(16), names, [f"chance_{task}" for task in range(TASKS)])


INCEPTION = {"init_weights": False, "aux_logits": False}
ARCHITECTURES: dict[str, Maker] = {
    "squeezenet": torchvision_classifier("squeezenet1_0"),
    "towers": towers,
    "googlenet": torchvision_classifier("googlenet", **INCEPTION),
    "inception_v3": torchvision_classifier("inception_v3", 299, **INCEPTION),
    "inception_v4": pytorchcv_classifier("inceptionv4", 299),
    "resnet50": torchvision_classifier("resnet50"),
    "densenet121": torchvision_classifier("densenet121"),
    "mobilenet_v2": torchvision_classifier("mobilenet_v2"),
    "nasnet_mobile": pytorchcv_classifier("nasnet_4a1056", 224),
    "nasnet_large": pytorchcv_classifier("nasnet_6a4032", 331, batch=2),
    "yolov5s": yolov5s,
    "retinanet": retinanet,
    "bert_base": bert_base,
}
"""Small ones first."""
