"""Functions that generated packages carry for operators that take a page, by family."""
