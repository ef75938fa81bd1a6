"""Tests of the marts."""
