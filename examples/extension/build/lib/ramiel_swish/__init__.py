"""The swish activation as an extension of Ramiel: a dialect, a rewrite, a lowering."""
