"""Costs of operations, messages and calls: models, measurements, the files that keep them."""
