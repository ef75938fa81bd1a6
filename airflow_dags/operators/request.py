"""Check a request before anything is changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow_dags.airflow_names import AirflowFailException
from airflow_dags.operators.flink import current_release, folder_of_release
from airflow_dags.operators.taxi import TaxiOperator

WITH_RELEASE = {"deploy", "upgrade"}
TREE = ("flink_jobs", "schemas")


class CheckRequestOperator(TaxiOperator):
    """A task that refuses, without a retry, an unknown action or release; it records the current release.

    :param action: the requested action (templated)
    :param release: a release's number or a tree; may be empty (templated)
    :param job: which job (templated)
    :param actions: the known actions
    """

    template_fields: Sequence[str] = ("action", "release", "job")

    def __init__(
        self, *, action: str, release: str, job: str, actions: Sequence[str], **options: Any
    ) -> None:
        super().__init__(arguments=[], reads_json=True, **options)
        self.action = action
        self.release = release
        self.job = job
        self.actions = list(actions)

    def execute(self, context: Any) -> None:
        """Ask for the releases, and compare."""
        if self.action not in self.actions:
            raise AirflowFailException(
                f"unknown action {self.action}; choose one of: {', '.join(self.actions)}"
            )
        result = self.run_command(["job", "releases", self.job, "--json"])
        self.check_result(result)
        refuse_bad_release(self.action, self.release, result.output)
        context["ti"].xcom_push("current_release", current_release(result.output))


def refuse_bad_release(action: str, release: str, releases_json: str) -> None:
    """Raise AirflowFailException for a release that does not fit the action."""
    if not release:
        return
    if action not in WITH_RELEASE:
        raise AirflowFailException(f"{action} takes no release; leave the parameter release empty")
    if release.isdecimal():
        folder_of_release(releases_json, int(release))
    elif not all((Path(release) / part).is_dir() for part in TREE):
        raise AirflowFailException(
            f"{release} is not a source tree of the platform: it has no folders {' and '.join(TREE)};"
            " give the path of one, or the number of a release"
        )
