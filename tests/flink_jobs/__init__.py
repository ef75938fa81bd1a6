"""Tests of the streaming jobs."""
