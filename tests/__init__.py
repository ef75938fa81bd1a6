"""Tests of the platform; the tree mirrors the rooms."""

import pytest

# Shared modules with assertions: a failure shows the compared values, as in a test module.
pytest.register_assert_rewrite("tests.drills", "tests.platform")
