"""Sensors: the conditions that a task waits for."""
