"""The platform as local processes, and the `taxi` command."""
