"""From a task program to Python source."""
