"""What can be set; nothing else in this package reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL = "local"


@dataclass(frozen=True)
class AirflowSettings:
    """How the platform is reached from a task, and who is told of trouble."""

    taxi_command: str
    has_dashboard: bool
    """Whether jobs run on a Flink of ours: the managed service shows none."""
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
