"""The task dialect: a program of clusters that run side by side and exchange messages.

    task.program @tiny(%x : tensor<4xf32>) -> (tensor<4xf32>) {
      %c = task.channel : !task.channel<tensor<4xf32>>
      task.cluster @cluster_0 {
        %0 = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32>
        task.send %0, %c : tensor<4xf32>
      }
      task.cluster @cluster_1 width 2 {
        %1 = task.recv %c : tensor<4xf32>
        task.output %1, 0 : tensor<4xf32>
      }
    }

A program for a batch of several samples has workers too, which say who runs which stage of which
cluster for which sample: see docs/hyperclusters.md.

The verifier proves that the program cannot deadlock if every cluster has a worker of its own and
a send never waits: see `ramiel.dialects.task_verifier`.
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import IntegerAttr, StringAttr, SymbolNameConstraint, i64
from xdsl.ir import (
    Attribute,
    Block,
    Dialect,
    Operation,
    ParametrizedAttribute,
    Region,
    SSAValue,
    TypeAttribute,
)
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    param_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsolatedFromAbove, NoTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects import syntax
from ramiel.dialects.program import ProgramOperation

RECORDED = "task.recorded"
"""The attribute of a cluster whose calls are replayed, see the pass record-clusters."""


@irdl_attr_definition
class ChannelType(ParametrizedAttribute, TypeAttribute):
    """A one-message-a-call connection between two clusters: `!task.channel<tensor<4xf32>>`."""

    name = "task.channel"
    message_type: Attribute = param_def()


@irdl_op_definition
class ProgramOp(ProgramOperation):
    """Channels and clusters; every cluster sees the arguments and the channels."""

    name = "task.program"
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface(), NoTerminator())

    @property
    def clusters(self) -> list[ClusterOp]:
        """The clusters, in order."""
        return [op for op in self.block.ops if isinstance(op, ClusterOp)]

    @property
    def workers(self) -> list[WorkerOp]:
        """The workers, in order; none in a program that runs each cluster once."""
        return [op for op in self.block.ops if isinstance(op, WorkerOp)]

    @property
    def channels(self) -> list[ChannelOp]:
        """The channels, in order."""
        return [op for op in self.block.ops if isinstance(op, ChannelOp)]

    def verify_(self) -> None:
        from ramiel.dialects.task_verifier import verify_program

        verify_program(self)


@irdl_op_definition
class ChannelOp(IRDLOperation):
    """`%c = task.channel : !task.channel<tensor<4xf32>>`"""

    name = "task.channel"
    result = result_def(ChannelType)
    traits = traits_def(HasParent(ProgramOp))

    def __init__(self, message_type: Attribute) -> None:
        super().__init__(result_types=[ChannelType(message_type)])

    @property
    def send(self) -> SendOp:
        """The one operation that sends."""
        return next(op for op in self.users() if isinstance(op, SendOp))

    @property
    def recv(self) -> RecvOp:
        """The one operation that receives."""
        return next(op for op in self.users() if isinstance(op, RecvOp))

    def users(self) -> Iterator[Operation]:
        """The operations that use the channel."""
        return (use.operation for use in self.result.uses)

    def print(self, printer: Printer) -> None:
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> ChannelOp:
        parser.parse_punctuation(":")
        begin = parser.pos
        type = parser.parse_type()
        if not isinstance(type, ChannelType):
            parser.raise_error("expected !task.channel<…>", begin)
        return cls(type.message_type)


@irdl_op_definition
class ClusterOp(IRDLOperation):
    """Operations that one worker runs in order, on `width` cores.

    `task.cluster @cluster_0 width 2 { … }`
    """

    name = "task.cluster"
    sym_name = prop_def(SymbolNameConstraint())
    width = opt_prop_def(IntegerAttr)
    body = region_def("single_block")
    traits = traits_def(HasParent(ProgramOp), NoTerminator())

    def __init__(self, name: str, body: Region | None = None, width: int = 1) -> None:
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "width": IntegerAttr(width, i64) if width != 1 else None,
            },
            regions=[body or Region(Block())],
        )

    @property
    def block(self) -> Block:
        """The block of the body."""
        return self.body.block

    @property
    def cores(self) -> int:
        """How many cores the cluster's operations run on."""
        return 1 if self.width is None else self.width.value.data

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        if self.cores != 1:
            printer.print_string(f" width {self.cores}")
        syntax.print_discardable(printer, self.attributes)
        printer.print_string(" ")
        printer.print_region(self.body)

    @classmethod
    def parse(cls, parser: Parser) -> ClusterOp:
        name = parser.parse_symbol_name().data
        width = 1
        if parser.parse_optional_keyword("width") is not None:
            width = parser.parse_integer()
        attributes = syntax.parse_discardable(parser)
        body = parser.parse_region()
        if not body.blocks:
            body.add_block(Block())
        op = cls(name, body, width)
        op.attributes.update(attributes)
        return op

    def verify_(self) -> None:
        if self.cores < 1:
            raise VerifyException("the width of a cluster is at least 1")


@irdl_op_definition
class SendOp(IRDLOperation):
    """Put a value into a channel; never waits.  `task.send %0, %c : tensor<4xf32>`"""

    name = "task.send"
    value = operand_def()
    channel = operand_def(ChannelType)
    traits = traits_def(HasParent(ClusterOp))

    def __init__(self, value: SSAValue, channel: SSAValue) -> None:
        super().__init__(operands=[value, channel])

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list((self.value, self.channel), printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_attribute(self.value.type)

    @classmethod
    def parse(cls, parser: Parser) -> SendOp:
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        channel = parser.parse_unresolved_operand()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        return cls(
            parser.resolve_operand(value, type),
            parser.resolve_operand(channel, ChannelType(type)),
        )

    def verify_(self) -> None:
        if self.channel.type != ChannelType(self.value.type):
            raise VerifyException("sends another type than its channel carries")


@irdl_op_definition
class RecvOp(IRDLOperation):
    """Take the value out of a channel, waiting for it.  `%x = task.recv %c : tensor<4xf32>`"""

    name = "task.recv"
    channel = operand_def(ChannelType)
    result = result_def()
    traits = traits_def(HasParent(ClusterOp))

    def __init__(self, channel: SSAValue, type: Attribute) -> None:
        super().__init__(operands=[channel], result_types=[type])

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.channel)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> RecvOp:
        channel = parser.parse_unresolved_operand()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        return cls(parser.resolve_operand(channel, ChannelType(type)), type)

    def verify_(self) -> None:
        if self.channel.type != ChannelType(self.result.type):
            raise VerifyException("receives another type than its channel carries")


@irdl_op_definition
class OutputOp(IRDLOperation):
    """Make a value the program's result at an index.  `task.output %1, 0 : tensor<4xf32>`"""

    name = "task.output"
    value = operand_def()
    index = prop_def(IntegerAttr)
    traits = traits_def(HasParent(ClusterOp))

    def __init__(self, value: SSAValue, index: int) -> None:
        super().__init__(operands=[value], properties={"index": IntegerAttr(index, i64)})

    @property
    def position(self) -> int:
        """Which result of the program this is."""
        return self.index.value.data

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.value)
        printer.print_string(f", {self.position} : ")
        printer.print_attribute(self.value.type)

    @classmethod
    def parse(cls, parser: Parser) -> OutputOp:
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        index = parser.parse_integer()
        parser.parse_punctuation(":")
        return cls(parser.resolve_operand(value, parser.parse_type()), index)


@irdl_op_definition
class StageOp(IRDLOperation):
    """Where a stage of a cluster ends and the next begins.  `task.stage`

    Of a program for several samples; between stages a worker may turn to another sample.
    """

    name = "task.stage"
    traits = traits_def(HasParent(ClusterOp))

    def print(self, printer: Printer) -> None:
        pass

    @classmethod
    def parse(cls, parser: Parser) -> StageOp:
        return cls()


@irdl_op_definition
class WorkerOp(IRDLOperation):
    """The stages that one worker runs, in order.  `task.worker @worker_0 { task.run … }`

    A program without workers runs each cluster once, on a worker of its own.
    """

    name = "task.worker"
    sym_name = prop_def(SymbolNameConstraint())
    body = region_def("single_block")
    traits = traits_def(HasParent(ProgramOp), NoTerminator())

    def __init__(self, name: str, body: Region | None = None) -> None:
        super().__init__(
            properties={"sym_name": StringAttr(name)}, regions=[body or Region(Block())]
        )

    @property
    def runs(self) -> list[RunOp]:
        """What the worker runs."""
        return [op for op in self.body.block.ops if isinstance(op, RunOp)]

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        syntax.print_discardable(printer, self.attributes)
        printer.print_string(" ")
        printer.print_region(self.body)

    @classmethod
    def parse(cls, parser: Parser) -> WorkerOp:
        name = parser.parse_symbol_name().data
        attributes = syntax.parse_discardable(parser)
        body = parser.parse_region()
        if not body.blocks:
            body.add_block(Block())
        op = cls(name, body)
        op.attributes.update(attributes)
        return op


@irdl_op_definition
class RunOp(IRDLOperation):
    """Run a stage of a cluster for a sample; both count from 0.

    `task.run @cluster_0 stage 2 sample 1`
    """

    name = "task.run"
    cluster = prop_def(StringAttr)
    stage = prop_def(IntegerAttr)
    sample = prop_def(IntegerAttr)
    traits = traits_def(HasParent(WorkerOp))

    def __init__(self, cluster: str, stage: int, sample: int) -> None:
        super().__init__(
            properties={
                "cluster": StringAttr(cluster),
                "stage": IntegerAttr(stage, i64),
                "sample": IntegerAttr(sample, i64),
            }
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.cluster.data)
        stage, sample = self.stage.value.data, self.sample.value.data
        printer.print_string(f" stage {stage} sample {sample}")

    @classmethod
    def parse(cls, parser: Parser) -> RunOp:
        cluster = parser.parse_symbol_name().data
        parser.parse_keyword("stage")
        stage = parser.parse_integer()
        parser.parse_keyword("sample")
        return cls(cluster, stage, parser.parse_integer())


Task = Dialect(
    "task",
    [ProgramOp, ChannelOp, ClusterOp, SendOp, RecvOp, OutputOp, StageOp, WorkerOp, RunOp],
    [ChannelType],
)
