"""The platform as local processes."""
