"""The `taxi` command."""
