"""Read the settings from the environment; nothing else in this package reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL = "local"


@dataclass(frozen=True)
class AirflowSettings:
    """The settings of Airflow tasks: how they reach the platform, and where alerts go."""

    taxi_command: str
    has_dashboard: bool
    """Whether jobs run on our own Flink: the managed service has no dashboard."""
    webhook_conn_id: str
    sns_conn_id: str
    sns_topic_arn: str
    raw_data: str
    processed_data: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "AirflowSettings":
        """Read every setting."""
        return cls(
            taxi_command=environment.get("TAXI_COMMAND") or str(ROOT / "taxi"),
            has_dashboard=environment.get("FLINK_BACKEND", LOCAL) in {"", LOCAL},
            webhook_conn_id=environment.get("TAXI_ALERTS_WEBHOOK_CONN_ID", ""),
            sns_conn_id=environment.get("TAXI_ALERTS_SNS_CONN_ID", ""),
            sns_topic_arn=environment.get("TAXI_ALERTS_SNS_TOPIC_ARN", ""),
            raw_data=environment.get("RAW_DATA", ""),
            processed_data=environment.get("PROCESSED_DATA", ""),
        )
