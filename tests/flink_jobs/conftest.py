"""Fixtures of the job's tests."""

import pytest

from stack.endpoints import Endpoints
from tests.flink_jobs.platform import Platform


@pytest.fixture
def platform(stack: Endpoints) -> Platform:
    """The shared stack with an empty topic, empty tables and a fresh job."""
    return Platform.fresh(stack)
