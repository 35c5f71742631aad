"""What every generated package carries: channels, executors, the model's base class."""
