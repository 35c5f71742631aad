"""One command of `ramiel` a file."""
