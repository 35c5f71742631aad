"""What a model refuses whose weights are no longer the ONNX model's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn

from torch import Tensor, nn

from .errors import ModelError


class InferenceOnly(nn.Module):
    """A module that, if its class says `inference_only`, can only be called.

    The preset fast folds weights and packs them for this machine's kernels: training them, loading
    others, or moving them to another dtype or device would have no effect, or a wrong one.
    """

    inference_only: ClassVar[bool] = False

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """As of any module; also of `parameters()`.  Raises ModelError for inference only."""
        self._refuse("its parameters are not the model's own")
        return super().named_parameters(prefix, recurse, remove_duplicate)

    def state_dict(self, *arguments: Any, **options: Any) -> Any:
        """As of any module.  Raises ModelError for inference only."""
        self._refuse("its parameters are not the model's own")
        module: Any = super()
        return module.state_dict(*arguments, **options)

    def load_state_dict(self, *arguments: Any, **options: Any) -> Any:
        """As of any module.  Raises ModelError for inference only."""
        self._refuse("it cannot load other weights")
        return super().load_state_dict(*arguments, **options)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """What `.to`, `.half`, `.cuda` and the like call."""
        self._refuse("it cannot change its dtype or device")
        module: Any = super()
        return module._apply(fn, recurse)

    def _refuse(self, what: str) -> None:
        if self.inference_only:
            refuse(type(self).__name__, what)


def refuse(model: str, what: str) -> NoReturn:
    """Raise ModelError saying what an inference-only model cannot do, and what can."""
    raise ModelError(
        f"{model} was compiled with the preset fast, for inference: {what}; compile it with "
        "--preset faithful"
    )
