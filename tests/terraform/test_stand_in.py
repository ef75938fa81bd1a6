"""The dev environment, really applied and really destroyed: against a stand-in for AWS."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console
from rich.table import Table

from control_plane.jobs.managed.requests import ApplicationSpec, CodeObject
from control_plane.settings import ManagedFlinkSettings, SparkSettings, SparkTarget
from schemas.aws import parse_s3_uri
from schemas.kafka_security import KafkaSecurity
from tests.terraform.stand_in import HOST, REGION, StandIn, aws_stand_in
from tests.terraform.terraform import VALUES, Terraform, copied_tree, override, write_values

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

SERVICES = (
    *("applicationautoscaling", "budgets", "cloudwatch", "ec2", "ecr", "ecs", "elbv2", "emr"),
    *("emrserverless", "events", "iam", "kafka", "kinesisanalyticsv2", "kms", "logs", "rds"),
    *("route53", "s3", "secretsmanager", "sns", "sts"),
)


@dataclass(frozen=True)
class Built:
    """What was applied, and how to look at it."""

    folder: Path
    stand_in: StandIn
    resources: int

    def client(self, service: str) -> Any:
        """A client of the account as it is now."""
        return boto3.client(
            service,
            endpoint_url=self.stand_in.proxy_url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


def reached_at(url: str) -> list[str]:
    """The lines of a provider that knows no AWS but this one."""
    endpoints = [f'  {service} = "{url}"' for service in SERVICES]
    return [
        'access_key = "testing"',
        'secret_key = "testing"',
        "skip_metadata_api_check = true",
        "s3_use_path_style = true",
        # What moto has not is to fail at once, not after nine minutes of trying.
        "max_retries = 2",
        f'http_proxy = "{url}"',
        "endpoints {",
        *endpoints,
        f'  mwaa = "{HOST}"',
        "}",
    ]


@pytest.fixture(scope="module")
def built(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The environment in an empty account."""
    folder = copied_tree(tmp_path_factory.mktemp("stand-in")) / "environments" / "dev"
    with aws_stand_in() as stand_in:
        override(folder, reached_at(stand_in.proxy_url))
        write_values(folder, VALUES)
        terraform.init(folder)
        yield Built(folder, stand_in, carried_out(terraform, "apply", folder))


ANSWERED = ("-auto-approve", "-input=false", "-no-color")


def carried_out(terraform: Terraform, verb: str, folder: Path) -> int:
    """Apply or destroy; how many resources it did so with, after a table for people: `pytest -s` shows it."""
    begun = time.monotonic()
    log = terraform.run(verb, *ANSWERED, folder=folder, seconds=1500).stdout
    seconds = time.monotonic() - begun
    done = re.findall(
        r"^module\.platform\.module\.(\w+)\.\S+: (?:Creation|Destruction) complete", log, re.MULTILINE
    )
    end = next(line for line in log.splitlines() if re.match(r"(Apply|Destroy) complete!", line))
    table = Table("module", "resources", title=f"terraform {verb}: {seconds:.0f} s")
    for module, count in sorted(Counter(done).items()):
        table.add_row(module, str(count))
    table.add_row("together", str(len(done)))
    Console(width=100).print(table, end)
    return len(done)


def resources(terraform: Terraform, built: Built) -> list[str]:
    """What the state holds, without what was only read."""
    listed = terraform.run("state", "list", folder=built.folder).stdout.split()
    return [address for address in listed if ".data." not in address]


def programs_are_given_what_was_built(environment: Mapping[str, str], built: Built) -> None:
    """The outputs, as the environment of a person who has sourced them, lead each program to its service."""
    application = built.client("kinesisanalyticsv2").describe_application(
        ApplicationName=environment["MANAGED_FLINK_APPLICATION"]
    )["ApplicationDetail"]
    flink = ManagedFlinkSettings.from_environment("zone_fares", environment)
    code = CodeObject(flink.code_bucket, flink.code_key, flink.code_version)
    # What `./taxi job deploy` would change before the first start is nothing.
    assert ApplicationSpec(flink, code).matches(application)

    spark = SparkSettings.from_environment(environment)
    applications = built.client("emr-serverless").list_applications()["applications"]
    assert (spark.place, spark.application_id) == (SparkTarget.EMR_SERVERLESS, applications[0]["id"])
    buckets = {bucket["Name"] for bucket in built.client("s3").list_buckets()["Buckets"]}
    addresses = [environment[name] for name in ("RAW_DATA", "PROCESSED_DATA", "EMR_CODE", "EMR_LOG_URI")]
    assert {parse_s3_uri(address)[0] for address in addresses} < buckets

    assert KafkaSecurity.from_mapping(environment).java()["sasl.mechanism"] == "AWS_MSK_IAM"


def open_to_the_public(block: Mapping[str, bool]) -> bool:
    """Whether one of the four locks is open."""
    return not all(block.values())


def test_dev_is_applied_looked_at_and_destroyed(terraform: Terraform, built: Built) -> None:
    assert len(resources(terraform, built)) > 150

    s3 = built.client("s3")
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert len(buckets) == 5
    for bucket in buckets:
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert not open_to_the_public(block)
        policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        assert "RefusePlainTransport" in policy

    database = built.client("rds").describe_db_instances()["DBInstances"][0]
    assert (database["StorageEncrypted"], database["PubliclyAccessible"]) == (True, False)
    application = built.client("kinesisanalyticsv2").list_applications()["ApplicationSummaries"][0]
    settings = json.loads(terraform.run("output", "-json", "settings", folder=built.folder).stdout)
    assert application["ApplicationName"] == "nyc-taxi-dev-zone-fares"
    assert settings["MANAGED_FLINK_APPLICATION"] == application["ApplicationName"]
    programs_are_given_what_was_built(settings, built)

    assert carried_out(terraform, "destroy", built.folder) == built.resources
    assert resources(terraform, built) == []
    assert s3.list_buckets()["Buckets"] == []
