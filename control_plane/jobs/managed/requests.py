"""Requests to the managed service: the configuration of a PyFlink application, and its changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from control_plane.settings import ManagedFlinkSettings
from schemas.errors import UserError

RUN_OPTIONS = "kinesis.analytics.flink.run.options"
JOB_SETTINGS = "taxi.job"
"""The property group that `main.py` of the code zip turns into the job's environment."""
ENTRY_POINT = "main.py"
JARS = "lib/connectors.jar"
PYTHON_FILES = "lib/python"
CHECKPOINT_INTERVAL_MS = 5_000
MIN_PAUSE_MS = 1_000
HIDDEN = "***"
SECRET_VARIABLES = ("POSTGRES_DSN",)

Request = dict[str, Any]


@dataclass(frozen=True)
class CodeObject:
    """The code zip in S3; without a version where the bucket is not versioned."""

    bucket: str
    key: str
    version: str

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def address(self) -> str:
        """The object as an s3:// address."""
        suffix = f"?versionId={self.version}" if self.version else ""
        return f"s3://{self.bucket}/{self.key}{suffix}"


@dataclass(frozen=True)
class ApplicationSpec:
    """The application as the settings specify it."""

    settings: ManagedFlinkSettings
    code: CodeObject

    def creation(self) -> Request:
        """Return the request that creates the application."""
        if not self.settings.role_arn:
            raise UserError(
                "MANAGED_FLINK_ROLE_ARN is not set", "set it to the role that the application assumes"
            )
        logs = [{"LogStreamARN": self.settings.log_stream_arn}] if self.settings.log_stream_arn else []
        return {
            "ApplicationName": self.settings.application,
            "RuntimeEnvironment": self.settings.runtime,
            "ServiceExecutionRole": self.settings.role_arn,
            "ApplicationMode": "STREAMING",
            "ApplicationConfiguration": self._configuration(),
            **({"CloudWatchLoggingOptions": logs} if logs else {}),
        }

    def update(self, conditional_token: str) -> Request:
        """Return the request that updates an application to this one; a running one by a snapshot."""
        return {
            "ApplicationName": self.settings.application,
            "ConditionalToken": conditional_token,
            "ApplicationConfigurationUpdate": self._configuration_update(),
            "RunConfigurationUpdate": run_configuration("RESTORE_FROM_LATEST_SNAPSHOT"),
        }

    def matches(self, description: Mapping[str, Any]) -> bool:
        """Check whether an application has the requested code, settings and parallelism."""
        return identity_of(description) == {
            "code": self.code,
            "properties": {group["PropertyGroupId"]: group["PropertyMap"] for group in self._properties()},
            "parallelism": self.settings.parallelism,
            "monitoring": (self.settings.metrics_level, self.settings.log_level),
        }

    def _configuration(self) -> Request:
        vpc = {
            "SubnetIds": list(self.settings.subnet_ids),
            "SecurityGroupIds": list(self.settings.security_group_ids),
        }
        return {
            "ApplicationCodeConfiguration": {
                "CodeContentType": "ZIPFILE",
                "CodeContent": {"S3ContentLocation": self._location("")},
            },
            "FlinkApplicationConfiguration": {
                "CheckpointConfiguration": {
                    "ConfigurationType": "CUSTOM",
                    "CheckpointingEnabled": True,
                    "CheckpointInterval": CHECKPOINT_INTERVAL_MS,
                    "MinPauseBetweenCheckpoints": MIN_PAUSE_MS,
                },
                "MonitoringConfiguration": {
                    "ConfigurationType": "CUSTOM",
                    "MetricsLevel": self.settings.metrics_level,
                    "LogLevel": self.settings.log_level,
                },
                "ParallelismConfiguration": {
                    "ConfigurationType": "CUSTOM",
                    "Parallelism": self.settings.parallelism,
                    "ParallelismPerKPU": 1,
                    # Scaling stops the job with a snapshot, as an upgrade does; only our commands start it.
                    "AutoScalingEnabled": False,
                },
            },
            "EnvironmentProperties": {"PropertyGroups": self._properties()},
            "ApplicationSnapshotConfiguration": {"SnapshotsEnabled": True},
            # If our command is killed during an update, the service rolls back code that does not start.
            "ApplicationSystemRollbackConfiguration": {"RollbackEnabled": True},
            **({"VpcConfigurations": [vpc]} if self.settings.subnet_ids else {}),
        }

    def _configuration_update(self) -> Request:
        return {
            "ApplicationCodeConfigurationUpdate": {
                "CodeContentUpdate": {"S3ContentLocationUpdate": self._location("Update")}
            },
            "FlinkApplicationConfigurationUpdate": {
                "MonitoringConfigurationUpdate": {
                    "ConfigurationTypeUpdate": "CUSTOM",
                    "MetricsLevelUpdate": self.settings.metrics_level,
                    "LogLevelUpdate": self.settings.log_level,
                },
                "ParallelismConfigurationUpdate": {
                    "ConfigurationTypeUpdate": "CUSTOM",
                    "ParallelismUpdate": self.settings.parallelism,
                },
            },
            "EnvironmentPropertyUpdates": {"PropertyGroups": self._properties()},
        }

    def _location(self, suffix: str) -> Request:
        version = {f"ObjectVersion{suffix}": self.code.version} if self.code.version else {}
        return {f"BucketARN{suffix}": self.code.bucket_arn, f"FileKey{suffix}": self.code.key, **version}

    def _properties(self) -> list[Request]:
        options = {"python": ENTRY_POINT, "jarfile": JARS, "pyFiles": PYTHON_FILES}
        groups = [{"PropertyGroupId": RUN_OPTIONS, "PropertyMap": options}]
        variables = {**self.settings.job_variables, "FLINK_PARALLELISM": str(self.settings.parallelism)}
        return [*groups, {"PropertyGroupId": JOB_SETTINGS, "PropertyMap": variables}]


def run_configuration(restore: str, snapshot: str = "") -> Request:
    """Configure how a start restores its state; state that does not map to new code is not dropped
    silently."""
    named = {"SnapshotName": snapshot} if snapshot else {}
    return {
        "FlinkRunConfiguration": {"AllowNonRestoredState": False},
        "ApplicationRestoreConfiguration": {"ApplicationRestoreType": restore, **named},
    }


def identity_of(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what distinguishes one version of an application from another."""
    configuration = description["ApplicationConfigurationDescription"]
    flink = configuration["FlinkApplicationConfigurationDescription"]
    groups = configuration.get("EnvironmentPropertyDescriptions", {}).get("PropertyGroupDescriptions", [])
    monitoring = flink["MonitoringConfigurationDescription"]
    return {
        "code": code_of(description),
        "properties": {group["PropertyGroupId"]: group["PropertyMap"] for group in groups},
        "parallelism": flink["ParallelismConfigurationDescription"]["Parallelism"],
        "monitoring": (monitoring["MetricsLevel"], monitoring["LogLevel"]),
    }


def code_of(description: Mapping[str, Any]) -> CodeObject:
    """Return the code that an application was created from."""
    code = description["ApplicationConfigurationDescription"]["ApplicationCodeConfigurationDescription"]
    location = code["CodeContentDescription"]["S3ApplicationCodeLocationDescription"]
    bucket = location["BucketARN"].rpartition(":")[2]
    return CodeObject(bucket, location["FileKey"], location.get("ObjectVersion", ""))


def return_to(description: Mapping[str, Any], conditional_token: str, snapshot: str) -> Request:
    """Return the request that restores an earlier version of an application, from that snapshot."""
    was = identity_of(description)
    code: CodeObject = was["code"]
    version = {"ObjectVersionUpdate": code.version} if code.version else {}
    location = {"BucketARNUpdate": code.bucket_arn, "FileKeyUpdate": code.key, **version}
    groups = [{"PropertyGroupId": name, "PropertyMap": values} for name, values in was["properties"].items()]
    parallelism = {"ConfigurationTypeUpdate": "CUSTOM", "ParallelismUpdate": was["parallelism"]}
    return {
        "ApplicationName": description["ApplicationName"],
        "ConditionalToken": conditional_token,
        "ApplicationConfigurationUpdate": {
            "ApplicationCodeConfigurationUpdate": {
                "CodeContentUpdate": {"S3ContentLocationUpdate": location}
            },
            "FlinkApplicationConfigurationUpdate": {"ParallelismConfigurationUpdate": parallelism},
            "EnvironmentPropertyUpdates": {"PropertyGroups": groups},
        },
        "RunConfigurationUpdate": run_configuration("RESTORE_FROM_CUSTOM_SNAPSHOT", snapshot),
    }


def without_secrets(request: Any) -> Any:
    """Remove secrets from a request before it is printed."""
    if isinstance(request, dict):
        return {
            key: HIDDEN if key in SECRET_VARIABLES else without_secrets(value)
            for key, value in request.items()
        }
    return [without_secrets(one) for one in request] if isinstance(request, list) else request
