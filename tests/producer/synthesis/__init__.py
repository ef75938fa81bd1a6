"""Tests of producer/synthesis."""
