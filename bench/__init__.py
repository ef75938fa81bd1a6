"""Benchmarks on the real local stack: `./taxi bench NAME`."""
