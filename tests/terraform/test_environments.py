"""The environments, planned without an account, and their outputs against the settings of the programs."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flink_jobs.zone_fares.settings import ZoneFaresSettings
from producer.settings import Settings as ProducerSettings
from stack.settings import ROOT
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

AWAITED = {
    # Read by programs that come after this: take a name away when its program is in the tree.
    "AIRFLOW_URL",
    "EMR_JOB_ROLE_ARN",
    "EMR_SERVERLESS_APPLICATION_ID",
    "MANAGED_FLINK_APPLICATION",
    "MANAGED_FLINK_CODE_BUCKET",
    "MANAGED_FLINK_CODE_KEY",
    "MANAGED_FLINK_LOG_STREAM_ARN",
    "MANAGED_FLINK_ROLE_ARN",
    "MANAGED_FLINK_SECURITY_GROUP_IDS",
    "MANAGED_FLINK_SUBNET_IDS",
    "PROCESSED_DATA",
    "RAW_DATA",
}
PROGRAMS = ("producer", "flink_jobs", "batch_backfill", "airflow_dags", "stack", "schemas")

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
    terraform.run("plan", "-input=false", "-no-color", "-out=test.tfplan", folder=folder)
    shown: Plan = json.loads(terraform.run("show", "-json", "test.tfplan", folder=folder).stdout)
    return shown


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


def test_outputs_bear_the_names_of_the_programs_settings(plan: Plan) -> None:
    outputs = {name for name in plan["output_changes"] if name.isupper()}
    assert outputs - settings_of_the_programs() <= AWAITED <= outputs


def test_the_job_is_given_settings_that_it_has() -> None:
    code = (MODULES / "platform" / "main.tf").read_text()
    block = re.search(r"^  job_settings = \{\n(.*?)^  \}", code, re.MULTILINE | re.DOTALL)
    assert block is not None
    given = set(re.findall(r"^    (\w+)", block[1], re.MULTILINE))
    known = {field.upper() for field in ZoneFaresSettings.model_fields}
    assert len(given & known) >= 6
    assert given - known <= AWAITED


def settings_of_the_programs() -> set[str]:
    """Every variable that a program reads: fields of settings, and names in capitals in the code."""
    fields = {*ZoneFaresSettings.model_fields, *ProducerSettings.model_fields}
    return {field.upper() for field in fields} | set(_names_in_code())


def _names_in_code() -> Iterator[str]:
    for path in (path for program in PROGRAMS for path in (ROOT / program).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isupper():
                yield node.value


@pytest.mark.drill
def test_a_wrong_account_is_refused(terraform: Terraform, tmp_path: Path) -> None:
    folder = copied_tree(tmp_path) / "environments" / "dev"
    override(folder, [line for line in NOBODY if "allowed" not in line])
    write_values(folder, VALUES)
    terraform.init(folder)
    refused = terraform.run("plan", "-input=false", "-no-color", folder=folder, may_fail=True)
    assert refused.returncode == 1
    assert "AWS account ID not allowed" in refused.stdout
