"""User settings for jobs, months and marts, from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from schemas.aws import parse_s3_uri
from schemas.errors import UserError
from stack.settings import EndpointSettings, StackSettings, folder_setting, home_folder

C = TypeVar("C", bound=Enum)

JOB_VARIABLES = (
    "KAFKA_BOOTSTRAP_SERVERS",
    "SCHEMA_REGISTRY_URL",
    "POSTGRES_DSN",
    "POSTGRES_SECRET_ARN",
    "KAFKA_SECURITY",
    "AWS_REGION",
    "TABLE_SET",
    "TRIPS_TOPIC",
    "DEAD_LETTERS_TOPIC",
    "CONSUMER_GROUP",
)
"""The variables that are passed to a job on the managed service."""

SPARK_JOB_VARIABLES = ("TAXI_ZONES_FILE", "ROWS_PER_FILE")
"""The variables that are passed to the Spark job in addition to its arguments."""

DATA_VARIABLES = ("RAW_DATA", "PROCESSED_DATA", "TAXI_ZONES_FILE")
"""The variables that name folders, or prefixes in S3."""


class Backend(Enum):
    """Where Flink jobs run: on a Flink of our own (the local stack's, or FLINK_REST_URL), or on AWS'."""

    LOCAL = "local"
    MANAGED_FLINK = "managed-flink"


class SparkTarget(Enum):
    """Where the Spark backfill runs."""

    LOCAL = "local"
    EMR_SERVERLESS = "emr-serverless"
    EMR = "emr"


def flink_backend(environment: Mapping[str, str] = os.environ) -> Backend:
    """Read where jobs run by default; raises UserError for an unknown backend."""
    value = environment.get("FLINK_BACKEND") or Backend.LOCAL.value
    return _choice(Backend, "FLINK_BACKEND", value, "place to run a job")


def require_own_flink(what: str, remedy: str) -> None:
    """Raise UserError where jobs run on the managed service, which runs one application a job."""
    if flink_backend() is not Backend.LOCAL:
        raise UserError(f"{what} is not possible with FLINK_BACKEND={flink_backend().value}", remedy)


@dataclass(frozen=True)
class MartsSettings:
    """The input of dbt, and where it builds."""

    stack: StackSettings
    endpoints: EndpointSettings
    processed_data: str
    duckdb: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "MartsSettings":
        """Read every setting; raises UserError for an invalid one."""
        default = home_folder(environment) / "marts" / "taxi.duckdb"
        return cls(
            stack=StackSettings.from_environment(environment),
            endpoints=EndpointSettings.from_environment(environment),
            processed_data=HistorySettings.from_environment(environment).processed,
            duckdb=folder_setting(environment.get("MARTS_DUCKDB"), default=default),
        )


@dataclass(frozen=True)
class HistorySettings:
    """The location of raw and processed months: each a folder of this machine, or s3://bucket/prefix."""

    raw: str
    processed: str
    region: str | None = None
    s3_endpoint_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "HistorySettings":
        """Read the two locations, by default below the home; raises UserError for an invalid one."""
        home = home_folder(environment) / "history"
        return cls(
            raw=_path_or_uri("RAW_DATA", environment.get("RAW_DATA"), default=home / "raw-data"),
            processed=_path_or_uri(
                "PROCESSED_DATA", environment.get("PROCESSED_DATA"), default=home / "processed-data"
            ),
            region=_region(environment),
            s3_endpoint_url=environment.get("S3_ENDPOINT_URL") or None,
        )


@dataclass(frozen=True)
class ManagedFlinkSettings:
    """An application of Amazon Managed Service for Apache Flink; empty values are not sent."""

    application: str
    code_bucket: str
    code_key: str
    code_version: str
    role_arn: str
    runtime: str
    parallelism: int
    metrics_level: str
    log_level: str
    log_stream_arn: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    region: str | None
    endpoint_url: str | None
    s3_endpoint_url: str | None
    job_variables: Mapping[str, str]
    """The settings of the job itself."""

    @classmethod
    def from_environment(
        cls, job: str, environment: Mapping[str, str] = os.environ
    ) -> "ManagedFlinkSettings":
        """Read every setting; AWS' own variables set account and region."""

        def setting(name: str, default: str = "") -> str:
            return environment.get(f"MANAGED_FLINK_{name}", "").strip() or default

        return cls(
            application=setting("APPLICATION", job),
            code_bucket=setting("CODE_BUCKET"),
            code_key=setting("CODE_KEY", f"{job}.zip"),
            code_version=setting("CODE_VERSION"),
            role_arn=setting("ROLE_ARN"),
            runtime=setting("RUNTIME", "FLINK-2_2"),
            parallelism=_positive("MANAGED_FLINK_PARALLELISM", setting("PARALLELISM", "2")),
            metrics_level=setting("METRICS_LEVEL", "OPERATOR"),
            log_level=setting("LOG_LEVEL", "INFO"),
            log_stream_arn=setting("LOG_STREAM_ARN"),
            subnet_ids=tuple(filter(None, setting("SUBNET_IDS").split(","))),
            security_group_ids=tuple(filter(None, setting("SECURITY_GROUP_IDS").split(","))),
            region=_region(environment),
            endpoint_url=setting("ENDPOINT_URL") or None,
            s3_endpoint_url=environment.get("S3_ENDPOINT_URL") or None,
            job_variables={
                "FLINK_JOB": job,
                **{name: environment[name] for name in JOB_VARIABLES if environment.get(name)},
            },
        )


@dataclass(frozen=True)
class SparkSettings:
    """The target and resources of the Spark backfill; empty values are not sent."""

    place: SparkTarget
    home: Path
    code: str
    """The folder in S3 that `./taxi package` fills."""
    application_id: str
    cluster_id: str
    role_arn: str
    log_uri: str
    timeout_minutes: int
    cluster_vcpus: float | None
    cluster_gb: float | None
    usd_per_vcpu_hour: float | None
    usd_per_gb_hour: float | None
    region: str | None
    endpoint_url: str | None
    s3_endpoint_url: str | None
    data: tuple[str, ...]
    """Folders and prefixes that the job's own variables name."""
    job_variables: Mapping[str, str]
    """The settings of the job itself."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "SparkSettings":
        """Read every setting; AWS' own variables set account and region."""

        def setting(name: str, default: str = "") -> str:
            return environment.get(name, "").strip() or default

        return cls(
            place=_choice(
                SparkTarget,
                "SPARK_BACKEND",
                setting("SPARK_BACKEND", SparkTarget.LOCAL.value),
                "place to run Spark",
            ),
            home=home_folder(environment),
            code=setting("EMR_CODE").rstrip("/"),
            application_id=setting("EMR_SERVERLESS_APPLICATION_ID"),
            cluster_id=setting("EMR_CLUSTER_ID"),
            role_arn=setting("EMR_JOB_ROLE_ARN"),
            log_uri=setting("EMR_LOG_URI").rstrip("/"),
            timeout_minutes=_positive(
                "EMR_TIMEOUT_MINUTES", setting("EMR_TIMEOUT_MINUTES", "360"), "minutes"
            ),
            cluster_vcpus=_amount("EMR_CLUSTER_VCPUS", setting("EMR_CLUSTER_VCPUS")),
            cluster_gb=_amount("EMR_CLUSTER_GB", setting("EMR_CLUSTER_GB")),
            usd_per_vcpu_hour=_amount("SPARK_USD_PER_VCPU_HOUR", setting("SPARK_USD_PER_VCPU_HOUR")),
            usd_per_gb_hour=_amount("SPARK_USD_PER_GB_HOUR", setting("SPARK_USD_PER_GB_HOUR")),
            region=_region(environment),
            endpoint_url=setting("EMR_ENDPOINT_URL") or None,
            s3_endpoint_url=setting("S3_ENDPOINT_URL") or None,
            data=tuple(filter(None, map(setting, DATA_VARIABLES))),
            job_variables={name: environment[name] for name in SPARK_JOB_VARIABLES if environment.get(name)},
        )


def _path_or_uri(variable: str, value: str | None, default: Path) -> str:
    """Parse a folder, or a prefix in S3 as its own programs write it."""
    if value is None or "://" not in value:
        folder = str(folder_setting(value, default=default))
        if "\\" in folder:
            raise UserError(
                f"{variable}: {folder} has a backslash, which DuckDB and Spark do not read as part of a name",
                f"set {variable} to a folder without one",
            )
        return folder
    try:
        bucket, prefix = parse_s3_uri(value)
    except UserError:
        raise UserError(
            f"{variable}={value} is neither a folder nor a prefix in S3",
            "set it to a folder, or to s3://bucket/prefix",
        ) from None
    return f"s3://{bucket}/{prefix}".rstrip("/")


def _region(environment: Mapping[str, str]) -> str | None:
    # AWS' own programs read the first, boto3 reads only the second.
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None


def _choice(kind: type[C], variable: str, value: str, what: str) -> C:
    known = {one.value: one for one in kind}
    if value not in known:
        raise UserError(f"{variable}={value} is not a {what}", f"set it to one of {', '.join(known)}")
    return known[value]


def _amount(variable: str, value: str) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        raise UserError(
            f"{variable}={value} is not a number", "set it to a number such as 0.05, or unset it"
        ) from None


def _positive(variable: str, value: str, what: str = "subtasks") -> int:
    if not value.isdecimal() or not int(value):
        raise UserError(
            f"{variable}={value} is not a positive integer", f"set it to a whole number of {what}"
        )
    return int(value)
