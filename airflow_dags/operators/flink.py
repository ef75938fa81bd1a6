"""Run the lifecycle of a Flink job as tasks: the `./taxi job` verbs, which may be killed and run again."""

import json
import time
from collections.abc import Sequence
from hashlib import md5
from typing import Any

from airflow.sdk import BaseOperator, BaseOperatorLink

from airflow_dags.airflow_names import AirflowFailException
from airflow_dags.hooks.flink import FlinkRestHook
from airflow_dags.operators.taxi import TaxiCommandError, TaxiOperator
from airflow_dags.settings import AirflowSettings
from airflow_dags.triggers.flink import FlinkSavepointTrigger

DEFAULT_JOB = "zone_fares"
SAVEPOINT_SECONDS = 300
RESTARTED = 3
"""The exit code of `./taxi job ensure` when it restarted the job."""


class FlinkDashboardLink(BaseOperatorLink):
    """A link from the task to the job's page in the Flink dashboard."""

    name = "Flink dashboard"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the URL when the task ends.

        Empty if the job does not run, or if the service has no dashboard.
        """
        if not AirflowSettings.from_environment().has_dashboard:
            return ""
        hook = FlinkRestHook(operator.flink_conn_id)
        found = hook.live_job(operator.job)
        return hook.dashboard_url(found["jid"]) if found else ""


class FlinkJobOperator(TaxiOperator):
    """A task that runs `./taxi job VERB`, which first settles what a killed command has left.

    :param verb: deploy, upgrade, rollback, stop or ensure
    :param job: the job's name (templated)
    :param release: upgrade and deploy: a release's number, or a tree; empty for the stack's own (templated)
    :param flink_conn_id: the cluster, for the link
    """

    template_fields: Sequence[str] = ("arguments", "job", "release")
    operator_extra_links = (FlinkDashboardLink(),)
    ui_color = "#e6526f"

    def __init__(
        self,
        *,
        verb: str,
        job: str = DEFAULT_JOB,
        release: str = "",
        flink_conn_id: str = FlinkRestHook.default_conn_name,
        **options: Any,
    ) -> None:
        super().__init__(arguments=[], reads_json=True, **options)
        self.verb = verb
        self.job = job
        self.release = release
        self.flink_conn_id = flink_conn_id

    def execute(self, context: Any) -> Any:
        """Run the verb."""
        source = self.tree_of(self.release)
        self.arguments = ["job", self.verb, self.job, *(["--source", source] if source else []), "--json"]
        return super().execute(context)

    def tree_of(self, release: str) -> str:
        """Return the tree of a release; raises at once if the release does not exist."""
        if not str(release).isdecimal():
            return str(release)
        result = self.run_command(["job", "releases", self.job, "--json"])
        self.check_result(result)
        return folder_of_release(result.output, int(release))


class FlinkDeployOperator(FlinkJobOperator):
    """A task that starts the job from its newest state; it leaves a running job unchanged."""

    def __init__(self, **options: Any) -> None:
        super().__init__(verb="deploy", **options)


class FlinkUpgradeOperator(FlinkJobOperator):
    """A task that switches to another release with a savepoint.

    It verifies the new release, or rolls back automatically.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(verb="upgrade", **options)


class FlinkStopOperator(FlinkJobOperator):
    """A task that stops the job with a savepoint; it succeeds if the job does not run."""

    def __init__(self, **options: Any) -> None:
        super().__init__(verb="stop", **options)


class FlinkRollbackOperator(FlinkJobOperator):
    """A task that rolls back to the previous release; a retry does not go back further.

    :param from_release: the number of the release that was the current one when the run began (templated)
    """

    template_fields: Sequence[str] = (*FlinkJobOperator.template_fields, "from_release")

    def __init__(self, *, from_release: str, **options: Any) -> None:
        super().__init__(verb="rollback", **options)
        self.from_release = from_release

    def execute(self, context: Any) -> Any:
        """Roll back, unless an earlier attempt has; then only ensure that the job runs."""
        result = self.run_command(["job", "releases", self.job, "--json"])
        self.check_result(result)
        now = current_release(result.output)
        if str(now) == str(self.from_release):
            return super().execute(context)
        self.log.info("an earlier attempt already rolled back from release %s to %s", self.from_release, now)
        result = self.run_command(["job", "ensure", self.job, "--json"])
        if result.code != RESTARTED:
            self.check_result(result)
        return {"job": self.job, "release": now}


class FlinkSavepointOperator(BaseOperator):
    """A task that triggers a savepoint of the running job, and waits for it in the triggerer.

    A retry asks for the savepoint of the first attempt: the trigger id is derived from the DAG run's id.

    :param job: the job's name (templated)
    :param target_directory: empty for the cluster's own, where `./taxi job` looks for it (templated)
    """

    template_fields: Sequence[str] = ("job", "target_directory")
    operator_extra_links = (FlinkDashboardLink(),)
    ui_color = "#e6526f"

    def __init__(
        self,
        *,
        job: str = DEFAULT_JOB,
        target_directory: str = "",
        flink_conn_id: str = FlinkRestHook.default_conn_name,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.job = job
        self.target_directory = target_directory
        self.flink_conn_id = flink_conn_id

    def execute(self, context: Any) -> None:
        """Trigger the savepoint, then defer to the triggerer."""
        hook = FlinkRestHook(self.flink_conn_id)
        found = hook.live_job(self.job)
        if found is None:
            raise AirflowFailException(
                f"job {self.job} is not running, so it cannot take a savepoint;"
                f" start it with ./taxi job deploy {self.job}"
            )
        ti = context["ti"]
        trigger_id = trigger_id_of(ti.dag_id, ti.run_id, ti.task_id, found["jid"])
        hook.take_savepoint(found["jid"], trigger_id, self.target_directory)
        self.defer(
            trigger=FlinkSavepointTrigger(
                flink_conn_id=self.flink_conn_id,
                job_id=found["jid"],
                trigger_id=trigger_id,
                until=time.time() + SAVEPOINT_SECONDS,
            ),
            method_name="resume",
        )

    def resume(self, context: Any, event: dict[str, Any]) -> str:
        """Return the savepoint's path; raises if the savepoint failed."""
        if event["state"] != "complete":
            raise TaxiCommandError(f"the savepoint failed: {event['reason']}")
        return str(event["savepoint"])


def trigger_id_of(*names: str) -> str:
    """Derive a Flink trigger id of 32 hexadecimal digits: equal names give an equal request."""
    return md5("\0".join(names).encode(), usedforsecurity=False).hexdigest()


def current_release(releases_json: str) -> int:
    """Return the number of the release that runs or ran last, in any state; 0 if none ever ran."""
    return next((row["release"] for row in json.loads(releases_json) if row["is_current"]), 0)


def folder_of_release(releases_json: str, number: int) -> str:
    """Return the folder of a release's code; raises AirflowFailException if the release does not exist."""
    rows = {row["release"]: row["folder"] for row in json.loads(releases_json)}
    if number not in rows:
        known = ", ".join(str(one) for one in rows) or "none"
        raise AirflowFailException(f"release {number} does not exist; kept releases: {known}")
    return str(rows[number])
