"""Operators: the work that a task does."""
