"""Tests of producer/reading."""
