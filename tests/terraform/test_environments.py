"""The environments, planned without an account, and their outputs against the settings of the programs."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from airflow_dags.settings import AirflowSettings
from batch_backfill.settings import BatchSettings
from control_plane.settings import (
    JOB_VARIABLES,
    ManagedFlinkSettings,
    MartsSettings,
    SparkSettings,
    flink_backend,
)
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from producer.settings import ProducerSettings
from stack.settings import DEFAULT_PORTS, EXTRA_PORTS, port_variable, wants_debug
from tests.terraform.terraform import (
    MODULES,
    PROD_VALUES,
    VALUES,
    Terraform,
    copied_tree,
    override,
    write_values,
)

pytestmark = pytest.mark.unit

NOBODY = [
    'access_key = "testing"',
    'secret_key = "testing"',
    "allowed_account_ids = null",
    "skip_credentials_validation = true",
    "skip_requesting_account_id = true",
    "skip_metadata_api_check = true",
]

NO_OUTPUTS = {
    "AWS' programs read AWS_REGION": {"AWS_DEFAULT_REGION"},
    "for passwords: on AWS it is iam, and a secret": {
        "POSTGRES_PASSWORD_FILE",
        "KAFKA_USER",
        "KAFKA_PASSWORD_FILE",
        "KAFKA_CA_FILE",
    },
    "of the local stack and of this machine": {
        *("TAXI_HOME", "TAXI_CACHE_DIR", "TAXI_DEBUG", "TAXI_COMMAND", "MAVEN_MIRROR_URL", "MARTS_DUCKDB"),
        *(port_variable(service) for service in (*DEFAULT_PORTS, *EXTRA_PORTS)),
        *("FLINK_REST_URL", "FLINK_CONNECTOR_JARS"),
    },
    "addresses of stand-ins and mirrors": {
        *(
            "S3_ENDPOINT_URL",
            "EMR_ENDPOINT_URL",
            "MANAGED_FLINK_ENDPOINT_URL",
            "TLC_BASE_URL",
            "TLC_ZONES_URL",
            "OSV_URL",
            "OSV_SNAPSHOT",
        ),
    },
    "files of the person's": {"TLC_DATA_DIR", "TAXI_ZONES_FILE"},
    "as the person likes it, with a default that serves": {
        *("KAFKA_OUTAGE_SECONDS", "IN_FLIGHT_MEGABYTES", "PREPARE_MEMORY_LIMIT"),
        *("ROWS_PER_FILE", "EMR_TIMEOUT_MINUTES", "MANAGED_FLINK_METRICS_LEVEL", "MANAGED_FLINK_LOG_LEVEL"),
        *("EMR_CLUSTER_VCPUS", "EMR_CLUSTER_GB", "SPARK_USD_PER_VCPU_HOUR", "SPARK_USD_PER_GB_HOUR"),
        *("TAXI_ALERTS_WEBHOOK_CONN_ID", "TAXI_ALERTS_SNS_CONN_ID"),
    },
    "said by the program that starts the job, to that one job": {
        *("JOB_NAME", "TABLE_SET", "BOUNDED", "FLINK_PARALLELISM", "FLINK_RESTORE_FROM"),
    },
}
"""The settings that Terraform has nothing to say of, by the reason."""
FOR_READERS = {"AIRFLOW_URL"}
"""Read by people: `./taxi env` prints it of a local stack."""

AIRFLOW_SETTINGS = r'module "airflow" \{.*?^  settings = merge\(local\.emr_code, \{'

Plan = Mapping[str, Any]


@pytest.fixture(scope="module", params=["dev", "prod"])
def plan(
    request: pytest.FixtureRequest, terraform: Terraform, tmp_path_factory: pytest.TempPathFactory
) -> Plan:
    """What would be built in an empty account, without asking one."""
    folder = copied_tree(tmp_path_factory.mktemp(request.param)) / "environments" / request.param
    override(folder, NOBODY)
    write_values(folder, {**VALUES, **(PROD_VALUES if request.param == "prod" else {})})
    terraform.init(folder)
    terraform.run("validate", "-no-color", folder=folder)
    planning = terraform.run("plan", "-input=false", "-no-color", "-out=test.tfplan", folder=folder)
    Console(width=100).print(request.param, *re.findall(r"^Plan: .*", planning.stdout, re.MULTILINE))
    shown: Plan = json.loads(terraform.run("show", "-json", "test.tfplan", folder=folder).stdout)
    return shown


def test_what_the_provider_does_not_know_is_refused(terraform: Terraform, tmp_path: Path) -> None:
    (tmp_path / "versions.tf").write_text((MODULES / "flink" / "versions.tf").read_text())
    (tmp_path / "main.tf").write_text('resource "aws_sns_topic" "this" {\n  naem = "alarms"\n}\n')
    terraform.init(tmp_path)
    refused = terraform.run("validate", "-no-color", folder=tmp_path, may_fail=True)
    assert refused.returncode == 1
    assert 'An argument named "naem" is not expected here' in refused.stdout


def planned(plan: Plan, kind: str) -> list[dict[str, Any]]:
    """The values of all resources of a kind."""
    changes = plan["resource_changes"]
    return [change["change"]["after"] for change in changes if change["type"] == kind]


def test_an_environment_is_built_from_nothing(plan: Plan) -> None:
    actions = [change["change"]["actions"] for change in plan["resource_changes"]]
    assert len(actions) > 150
    assert all(action in (["create"], ["read"]) for action in actions)


def test_there_is_no_way_in_from_the_internet_nor_out_to_it(plan: Plan) -> None:
    doors = {
        "aws_internet_gateway",
        "aws_nat_gateway",
        "aws_egress_only_internet_gateway",
        "aws_eip",
        "aws_route",
    }
    assert doors.isdisjoint(change["type"] for change in plan["resource_changes"])
    rules = [
        *planned(plan, "aws_vpc_security_group_ingress_rule"),
        *planned(plan, "aws_vpc_security_group_egress_rule"),
    ]
    assert not [rule for rule in rules if rule.get("cidr_ipv4") == "0.0.0.0/0" or rule.get("cidr_ipv6")]
    assert not [one for one in planned(plan, "aws_db_instance") if one["publicly_accessible"]]
    assert all(balancer["internal"] for balancer in planned(plan, "aws_lb"))


def test_no_password_is_in_the_state(plan: Plan) -> None:
    kinds = {change["type"] for change in plan["resource_changes"]}
    assert kinds.isdisjoint({"aws_secretsmanager_secret_version", "random_password", "aws_ssm_parameter"})
    assert all(database["password"] is None for database in planned(plan, "aws_db_instance"))


def test_everything_says_whose_it_is(plan: Plan) -> None:
    tagged = [*planned(plan, "aws_s3_bucket"), *planned(plan, "aws_kms_key")]
    assert all(one["tags_all"]["project"] == "nyc-taxi" for one in tagged)


def test_every_subtask_of_the_job_has_as_many_partitions_to_read_as_the_others(plan: Plan) -> None:
    (application,) = planned(plan, "aws_kinesisanalyticsv2_application")
    flink = application["application_configuration"][0]["flink_application_configuration"][0]
    parallelism = flink["parallelism_configuration"][0]["parallelism"]
    partitions = int(plan["output_changes"]["settings"]["after"]["TRIPS_PARTITIONS"])
    assert partitions % parallelism == 0
    (configuration,) = planned(plan, "aws_msk_configuration")
    assert f"num.partitions={partitions}\n" in configuration["server_properties"]


def test_there_is_an_output_for_every_setting_of_the_programs_or_a_reason_why_not(plan: Plan) -> None:
    change = plan["output_changes"]["settings"]
    outputs = {*change["after"], *change["after_unknown"]}
    settings = settings_of_the_programs()
    without = set().union(*NO_OUTPUTS.values())
    assert outputs - FOR_READERS == settings - without
    assert without <= settings


def given_by_the_platform(opening: str) -> set[str]:
    """The names in the block of settings that is opened so."""
    code = (MODULES / "platform" / "main.tf").read_text()
    block = re.search(rf"^{opening}\n(.*?)^  \}}", code, re.MULTILINE | re.DOTALL)
    assert block is not None
    return set(re.findall(r"^    (\w+)", block[1], re.MULTILINE))


def test_airflow_is_given_what_its_dags_read() -> None:
    environment = RecordedEnvironment()
    AirflowSettings.from_environment(environment)
    # The first is said by the start-up script of the bundle; the other has no way out of the VPC.
    without = {"TAXI_COMMAND", "TAXI_ALERTS_WEBHOOK_CONN_ID"}
    assert environment.names - without <= given_by_the_platform(AIRFLOW_SETTINGS)


def test_the_job_is_given_what_the_command_gives_it() -> None:
    given = given_by_the_platform(r"  job_settings = \{")
    variables = {name: "x" for name in JOB_VARIABLES if name not in set().union(*NO_OUTPUTS.values())}
    assert given == set(ManagedFlinkSettings.from_environment("zone_fares", variables).job_variables)


def settings_of_the_programs() -> set[str]:
    """Every variable that a program reads: fields of settings, and what is asked of the environment."""
    fields = {*ZoneFaresSettings.model_fields, *ProducerSettings.model_fields}
    environment = RecordedEnvironment()
    MartsSettings.from_environment(environment)
    flink_backend(environment)
    wants_debug(environment)
    ManagedFlinkSettings.from_environment("zone_fares", environment)
    SparkSettings.from_environment(environment)
    BatchSettings.from_environment(environment)
    AirflowSettings.from_environment(environment)
    return {field.upper() for field in fields} | environment.names


class RecordedEnvironment(Mapping[str, str]):
    """An environment without variables, which notes those that it is asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.mark.drill
def test_a_wrong_account_is_refused(terraform: Terraform, tmp_path: Path) -> None:
    folder = copied_tree(tmp_path) / "environments" / "dev"
    override(folder, [line for line in NOBODY if "allowed" not in line])
    write_values(folder, VALUES)
    terraform.init(folder)
    refused = terraform.run("plan", "-input=false", "-no-color", folder=folder, may_fail=True)
    assert refused.returncode == 1
    assert "AWS account ID not allowed" in refused.stdout
