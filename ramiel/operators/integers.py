"""Python integers of the generated code: sizes of tensors and what is computed with them.

They are values of the type `index`.  Sums, differences and products are those of tensors, which
Python writes the same way.
"""

from __future__ import annotations

from ramiel.operators.registry import callee

callee("integer.size", "input, dim", "{input}.shape[{dim}]")
callee("integer.numel", "input", "{input}.numel()")
callee("integer.of_tensor", "input", "int({input})")
callee("integer.floordiv", "input, other", "{input} // {other}")
callee("integer.ceildiv", "input, other", "-(-{input} // {other})")
callee("integer.mod", "input, other", "{input} % {other}")
callee("integer.min", "input, other", "min({input}, {other})")
callee("integer.max", "input, other", "max({input}, {other})")
callee("tensor_of_integer", "values, dtype=None", "torch.tensor({values}{...})")
callee("tensor_of_integers", "values, dtype=None", "torch.tensor({values:list}{...})")
