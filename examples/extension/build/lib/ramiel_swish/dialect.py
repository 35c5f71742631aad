"""The swish dialect: one operation.

%1 = swish.swish %0 {beta = 1.702 : f64} : tensor<1x64xf32>
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import AnyFloat, FloatAttr, TensorType, f64
from xdsl.ir import Attribute, Dialect, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure


@irdl_op_definition
class SwishOp(IRDLOperation):
    """x · sigmoid(β·x), element by element, after Ramachandran et al., arXiv 1710.05941."""

    T: ClassVar = VarConstraint("T", base(TensorType[Attribute]))

    name = "swish.swish"
    beta = prop_def(FloatAttr[AnyFloat])
    value = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$value attr-dict `:` type($value)"

    def __init__(self, value: SSAValue, beta: float) -> None:
        super().__init__(
            operands=[value],
            result_types=[value.type],
            properties={"beta": FloatAttr(beta, f64)},
        )


Swish = Dialect("swish", [SwishOp])
