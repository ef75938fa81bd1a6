"""Tests of the benchmarks: what they compute."""
