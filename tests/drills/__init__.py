"""Faults made on purpose, and every row compared afterwards."""
