"""Versions of a job that run side by side, each with a table set of its own."""
