"""Versions of a job that run side by side, each with its own table set."""
