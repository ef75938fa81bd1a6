"""Where the parts are reached, for programs and shells."""

import json
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from control_plane import start
from schemas.errors import UserError
from stack.endpoints import Endpoints, names_local_stack, require_local_stack
from stack.settings import ADDRESSES, KAFKA, POSTGRES, REGISTRY, EndpointSettings, StackSettings
from stack.state import Ports, recorded_extras, recorded_ports, write_record
from taxi_cli.commands.env import print_exports

PORTS = Ports(
    kafka=1,
    registry=2,
    flink=3,
    postgres=4,
    kafka_controller=5,
    registry_management=6,
    flink_rpc=7,
    jobmanager_metrics=8,
    taskmanager_metrics=9,
    platform_metrics=10,
)


def test_the_exports_name_every_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_exports(Endpoints.of_ports(PORTS, tmp_path))
    assert capsys.readouterr().out.splitlines() == [
        "export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1",
        "export SCHEMA_REGISTRY_URL=http://127.0.0.1:2/apis/ccompat/v7",
        "export FLINK_REST_URL=http://127.0.0.1:3",
        "export POSTGRES_DSN=postgresql://taxi@127.0.0.1:4/taxi",
        "export PROMETHEUS_JOBMANAGER_URL=http://127.0.0.1:8/metrics",
        "export PROMETHEUS_TASKMANAGER_URL=http://127.0.0.1:9/metrics",
        "export PROMETHEUS_PLATFORM_URL=http://127.0.0.1:10/metrics",
    ]


def test_the_record_comes_back_as_it_was_left(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS)
    assert recorded_ports(tmp_path) == PORTS


def test_a_service_that_was_asked_for_is_remembered_and_has_an_address(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS, {"airflow": 11})
    assert recorded_ports(tmp_path) == PORTS
    endpoints = Endpoints.of_ports(PORTS, tmp_path, recorded_extras(tmp_path))
    assert endpoints.extras == {"AIRFLOW_URL": "http://127.0.0.1:11"}


def test_a_local_s3_is_exported_with_all_that_a_program_needs_to_use_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_exports(Endpoints.of_ports(PORTS, tmp_path, {"s3": 11}))
    exported = capsys.readouterr().out.splitlines()
    assert {
        "export S3_ENDPOINT_URL=http://127.0.0.1:11",
        "export AWS_ACCESS_KEY_ID=taxi-local",
        "export RAW_DATA=s3://taxi/raw-data",
    } <= set(exported)


def test_a_record_of_an_earlier_version_has_no_such_service(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS)
    path = tmp_path / "stack.json"
    path.write_text(json.dumps({"ports": json.loads(path.read_text())["ports"]}))
    assert (recorded_ports(tmp_path), recorded_extras(tmp_path)) == (PORTS, {})


def test_nothing_is_started_for_a_name_that_there_is_not(tmp_path: Path) -> None:
    settings = StackSettings.from_environment(
        {"TAXI_HOME": str(tmp_path / "home"), "TAXI_CACHE_DIR": str(tmp_path)}
    )
    with pytest.raises(
        UserError, match="there is no optional service snowflake; choose from: map, airflow, s3"
    ):
        start.up(settings, extras=["snowflake"])


def test_a_broken_record_counts_for_none(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"ports": {"kafka": 1}')
    assert recorded_ports(tmp_path) is None


def test_a_record_without_a_supervisor_is_no_running_stack(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS)
    settings = StackSettings.from_environment({"TAXI_HOME": str(tmp_path), "TAXI_CACHE_DIR": str(tmp_path)})
    with pytest.raises(UserError, match=r"the stack is not running; start it with \./taxi up"):
        Endpoints.of_running_stack(settings)


GIVEN = {
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "SCHEMA_REGISTRY_URL": "http://registry:8080/apis/ccompat/v7/",
    "FLINK_REST_URL": "http://jobmanager:8081",
    "POSTGRES_DSN": "postgresql://taxi@postgres:5432/taxi",
}


def settings_of(home: Path, **variables: str) -> EndpointSettings:
    return EndpointSettings.from_environment({"TAXI_HOME": str(home), **variables})


def test_addresses_of_the_environment_come_before_a_local_stack(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS)
    found = Endpoints.of_platform(*ADDRESSES, given=settings_of(tmp_path, **GIVEN))
    assert (found.is_local, found.home) == (False, tmp_path)
    assert found.as_environment() == {
        **GIVEN,
        "SCHEMA_REGISTRY_URL": "http://registry:8080/apis/ccompat/v7",
    }


def test_a_verb_is_given_only_the_addresses_that_it_needs(tmp_path: Path) -> None:
    found = Endpoints.of_platform(POSTGRES, given=settings_of(tmp_path, **GIVEN))
    assert found.as_environment() == {"POSTGRES_DSN": GIVEN["POSTGRES_DSN"]}


def test_some_but_not_all_addresses_are_refused_with_the_names_of_the_missing(tmp_path: Path) -> None:
    given = settings_of(tmp_path, KAFKA_BOOTSTRAP_SERVERS="kafka:9092")
    with pytest.raises(UserError) as refused:
        Endpoints.of_platform(KAFKA, REGISTRY, POSTGRES, given=given)
    assert str(refused.value) == (
        "KAFKA_BOOTSTRAP_SERVERS is set, so the endpoints are those of the environment, but"
        " SCHEMA_REGISTRY_URL and POSTGRES_DSN are not set; set them too, or unset KAFKA_BOOTSTRAP_SERVERS"
        " to use the local stack"
    )


def test_a_shell_with_the_exports_of_a_stack_still_means_that_stack(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS)
    given = settings_of(tmp_path, **Endpoints.of_ports(PORTS, tmp_path).as_environment())
    assert names_local_stack(given)
    require_local_stack("./taxi up", given)
    with pytest.raises(UserError, match=r"the stack is not running; start it with \./taxi up"):
        Endpoints.of_platform(*ADDRESSES, given=given)


def test_without_an_address_the_local_stack_is_meant(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the stack is not running; start it with \./taxi up"):
        Endpoints.of_platform(POSTGRES, given=settings_of(tmp_path))


def test_the_password_of_a_given_database_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    written = "a/b@c"
    file.write_text(f"{written}\n")
    given = settings_of(tmp_path, **GIVEN, POSTGRES_PASSWORD_FILE=str(file))
    dsn = Endpoints.of_platform(POSTGRES, given=given).postgres_dsn
    assert conninfo_to_dict(dsn)["password"] == written
    assert Endpoints.of_platform(KAFKA, given=given).postgres_dsn == ""


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    given = settings_of(tmp_path, **GIVEN, POSTGRES_PASSWORD_FILE=str(tmp_path / "none"))
    with pytest.raises(UserError, match=r"POSTGRES_PASSWORD_FILE=.*/none cannot be read"):
        Endpoints.of_platform(POSTGRES, given=given)


def test_every_user_of_a_given_kafka_has_the_given_authentication(tmp_path: Path) -> None:
    scram = {
        "KAFKA_SECURITY": "scram",
        "KAFKA_USER": "ann",
        "KAFKA_PASSWORD_FILE": str(tmp_path / "kafka"),
        "KAFKA_CA_FILE": "/run/ca.pem",
    }
    found = Endpoints.of_platform(KAFKA, given=settings_of(tmp_path, **GIVEN, **scram))
    assert found.job_environment().items() >= scram.items()
    with pytest.raises(UserError, match="KAFKA_SECURITY=scram requires KAFKA_CA_FILE"):
        settings_of(tmp_path, **GIVEN, **{**scram, "KAFKA_CA_FILE": ""})
