"""Reductions over axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.helpers.reduction import axes_of, extreme, product
from ramiel.operators.numbers import cast, narrow, refuse_uint64, widen
from ramiel.operators.registry import Values, callee, meaning
