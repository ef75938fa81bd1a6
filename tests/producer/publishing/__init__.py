"""Tests of producer/publishing."""
