"""The Flink environment that every job gets, asked in the JVM."""

import pytest

from flink_jobs.runtime.environment import execution_environment
from tests.flink_jobs.test_windows import SETTINGS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("cluster", ["http://unused:1", ""])
def test_chained_operators_pass_rows_on_without_a_copy(cluster: str) -> None:
    settings = SETTINGS.model_copy(update={"flink_rest_url": cluster})
    java_environment = execution_environment(settings)._j_stream_execution_environment
    assert java_environment.getConfig().isObjectReuseEnabled()
