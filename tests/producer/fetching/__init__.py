"""Tests of producer/fetching."""
