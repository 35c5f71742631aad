"""`ramiel-opt`: xDSL's modular optimizer driver with a flag for every pass and ONNX as an input.

ramiel-opt --constant-fold --cluster in.mlir
ramiel-opt -p 'cluster,merge-clusters{max-clusters=2}' in.mlir
ramiel-opt model.onnx -t pytorch
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import IO, Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import PassPipeline
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ParseError,
    VerifyException,
)
from xdsl.xdsl_opt_main import xDSLOptMain

from ramiel.errors import RamielError
from ramiel.tools.source_lines import SourceLines, culprit


class AppendPass(argparse.Action):
    """`--name` appends the pass to the pipeline, in the order of the command line."""

    def __init__(self, option_strings: Sequence[str], dest: str, **arguments: Any) -> None:
        # nargs=0: a flag must not swallow the input file that follows it.
        super().__init__(option_strings, dest, nargs=0, default=None, **arguments)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        chosen: list[str] = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, [*chosen, str(self.const)])


class RamielOptMain(xDSLOptMain):
    """xDSL's driver, with Ramiel's frontend, flags and errors."""

    version_format = "ramiel-opt built from xdsl version {xdsl_version}"

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.source_lines = SourceLines()
        self.line_offset = 0
        self.available_frontends["mlir"] = self.parse_text
        self.available_frontends["onnx"] = self.lift

    def parse_text(self, file: IO[bytes]) -> ModuleOp:
        """Read a text."""
        implicit = not self.args.no_implicit_module
        return self.source_lines.parse(self.ctx, file.read(), self.get_input_name(), implicit)

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        self.line_offset = start_offset
        return super().parse_chunk(chunk, file_extension, start_offset)

    def lift(self, file: IO[bytes]) -> ModuleOp:
        """Read an ONNX model."""
        from ramiel.frontend import lift_file

        file.close()
        return lift_file(Path(self.args.input_file))

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument(
            "--weights-out",
            type=Path,
            metavar="FILE",
            help="write the weights of the result to this .safetensors file",
        )
        passes = arg_parser.add_argument_group("passes, in the order in which they are given")
        taken = {text for action in arg_parser._actions for text in action.option_strings}  # pyright: ignore[reportPrivateUsage]
        for name in sorted(self.available_passes):
            if f"--{name}" not in taken:
                passes.add_argument(f"--{name}", dest="pass_flags", action=AppendPass, const=name)

    def setup_pipeline(self) -> None:
        flags: list[str] = self.args.pass_flags or []
        if flags and self.args.passes:
            raise RamielError("give the passes as flags or with -p, not both")
        if flags:
            self.args.passes = ",".join(flags)
        # Locations are how a line of generated code finds its ONNX node.
        self.args.print_debuginfo = True
        super().setup_pipeline()
        callback = self.pipeline.callback

        def on_standard_error(*arguments: Any) -> None:
            with contextlib.redirect_stdout(sys.stderr):
                if callback is not None:
                    callback(*arguments)

        self.pipeline = PassPipeline(self.pipeline.passes, on_standard_error)

    def apply_passes(self, prog: ModuleOp) -> None:
        before = StringIO()
        print(prog, file=before)
        try:
            super().apply_passes(prog)
        except RamielError as error:
            raise self.with_line(error) from error
        except VerifyException as error:
            message = self.source_lines.located(str(error), culprit(prog, error), self.line_offset)
            located = VerifyException(message)
            # The whole module: --verify-diagnostics prints it, too.
            located.__notes__ = getattr(error, "__notes__", [])
            raise located from error
        except DiagnosticException:
            raise
        except Exception as error:
            raise RamielError(f"{error!r}; {self.write_reproducer(before.getvalue())}") from error

    def with_line(self, error: RamielError) -> RamielError:
        """The error below the line that it is about."""
        return RamielError(self.source_lines.located(str(error), error.operation, self.line_offset))

    def write_reproducer(self, module: str) -> str:
        """Keep what led to an unexpected failure; returns the sentence that says where."""
        with tempfile.NamedTemporaryFile(
            "w", prefix="ramiel-reproducer-", suffix=".mlir", delete=False
        ) as file:
            file.write(f"// ramiel-opt -p '{self.args.passes}' {file.name}\n{module}\n")
        return f"reproducer: {file.name}"

    def output_resulting_program(self, prog: ModuleOp) -> str:
        from ramiel.ir_text import without_unknown_locations
        from ramiel.weight_files import require_saved_weights, save_weights

        if self.args.weights_out is not None:
            save_weights(prog, self.args.weights_out)
        if self.args.target == "mlir":
            require_saved_weights(prog)
        try:
            text = super().output_resulting_program(prog)
        except RamielError as error:
            raise self.with_line(error) from error
        return without_unknown_locations(text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool; a message and exit code 1 for what cannot be done."""
    try:
        RamielOptMain("Ramiel's modular optimizer driver", arguments).run()
    except (ArgSpecParseError, ParseError, DiagnosticException) as error:
        sys.exit(str(error))
    except (RamielError, OSError, ValueError) as error:
        sys.exit(f"ramiel-opt: {error}")


if __name__ == "__main__":
    main()
