"""The secure profile on a real stack: trips go through it, and what is forbidden is refused."""

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import boto3
import psutil
import psycopg
import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from moto import mock_aws
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.table import Table

from control_plane import start
from stack import lifecycle
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.ports import LOOPBACK
from stack.security.authority import Authority, split_pem
from stack.security.database_locks import locked
from stack.security.database_roles import ensure_roles
from stack.security.secrets import (
    AIRFLOW,
    JOB,
    KAFKA_USERS,
    POSTGRES_ROLES,
    PRODUCER,
    READER,
    REGISTRY,
    Secrets,
)
from stack.services.postgres_installation import account, data_folder
from stack.settings import ROOT, StackSettings
from stack.state import recorded_ports
from taxi_cli.commands.aws_database import aws_database
from tests.flink_jobs.test_real_months import assert_arrives
from tests.oracle.real_months import first_days
from tests.platform import Platform
from tests.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.long("a stack of its own, with TLS and passwords")]

MONTH = "green_tripdata_2023-12.parquet"
ANSWER_SECONDS = 30
SILENCE_SECONDS = 5
YESTERDAY = datetime.now(UTC) - timedelta(days=1)

Refusal = Callable[[], str]


@pytest.fixture(scope="module")
def secured(stack_settings: StackSettings) -> Iterator[Endpoints]:
    """A stack with locks, in a home of its own."""
    settings = replace(stack_settings, home=stack_settings.home.with_name("secure"))
    lock = settings.home.with_suffix(".lock")
    with file_lock(lock, "another test session has the stack; waiting for it"):
        lifecycle.down(settings, purge=True)
        try:
            yield start.up(settings, secure=True)
        finally:
            lifecycle.down(settings, purge=True)


@pytest.fixture(scope="module")
def platform(secured: Endpoints) -> Platform:
    return Platform.fresh(secured)


def test_trips_go_through_the_locks_and_equal_the_oracle(platform: Platform, tmp_path: Path) -> None:
    assert_arrives(first_days(MONTH), platform, tmp_path)


def test_what_is_forbidden_is_refused(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    table, let_in = Table("who", "wants", "is told"), []
    for who, wants, words, refusal in refusals(platform.endpoints):
        refused = refusal()
        table.add_row(who, wants, refused[-110:])
        if words not in refused:
            let_in.append(f"{who} {wants}: {refused}")
    with capsys.disabled():
        Console(width=190).print(table)
    assert not let_in
    assert KafkaAttempts(platform.endpoints).controller_with_a_good_one() == "let in"


def test_no_secret_is_seen_by_others(platform: Platform) -> None:
    home, secrets = platform.endpoints.home, Secrets(platform.endpoints.home)
    passwords = [
        *map(secrets.kafka_password, KAFKA_USERS),
        *map(secrets.postgres_password, POSTGRES_ROLES),
    ]
    shown = "\n".join(" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    written = [
        path for name in ("logs", "run", "jobs", "flink", "registry") for path in (home / name).rglob("*")
    ]
    texts = [shown.encode(), *(path.read_bytes() for path in written if path.is_file())]
    found = [password for password in passwords if any(password.encode() in text for text in texts)]
    assert not found
    assert {oct(path.stat().st_mode & 0o777) for path in secrets.folder.iterdir()} == {"0o600"}
    assert oct(secrets.folder.stat().st_mode & 0o777) == "0o700"


def test_a_database_of_aws_gets_roles_and_tables_and_keeps_them(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = recorded_ports(platform.endpoints.home)
    assert ports is not None
    address, of_the_owner = f"{LOOPBACK}:{ports.postgres}", token_hex(12)
    with psycopg.connect(platform.endpoints.postgres_dsn, autocommit=True) as owner:
        # As RDS makes its owner: no superuser.
        owner.execute("create role platform login createrole")
        ensure_roles(platform.endpoints.postgres_dsn, {"platform": of_the_owner})
        owner.execute(f"grant {JOB}, {READER} to platform with admin option")
        owner.execute("create database on_aws owner platform")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        secrets = boto3.client("secretsmanager", region_name="us-east-1")
        written = json.dumps({"username": "platform", "password": of_the_owner})
        operations = {
            "owner_secret_arn": secrets.create_secret(Name="owner", SecretString=written)["ARN"],
            "role_secret_arns": {"registry": secrets.create_secret(Name="registry")["ARN"]},
            "postgres_database": "on_aws",
        }
        file = tmp_path / "operations.json"
        file.write_text(json.dumps(operations))
        passwords = set()
        for _ in range(2):
            aws_database(file, address)
            passwords.add(secrets.get_secret_value(SecretId=REGISTRY)["SecretString"])
    (password,) = passwords
    place = f"host={LOOPBACK} port={ports.postgres} dbname=on_aws sslmode=require"
    with psycopg.connect(f"{place} user=registry password={password}") as registry:
        registry.execute("create table registry.schemas (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            registry.execute("select * from taxi.trips")
    with psycopg.connect(f"{place} user=platform password={of_the_owner}") as owner:
        assert owner.execute("select count(*) from taxi.zones").fetchone() == (265,)


def refusals(endpoints: Endpoints) -> Iterator[tuple[str, str, str, Refusal]]:
    """Who wants what, the words of the refusal, and the attempt."""
    kafka, stranger = KafkaAttempts(endpoints), "a stranger"
    yield stranger, "Kafka without TLS", "brokers are down", kafka.without_tls
    yield stranger, "Kafka by an unknown name", "SASL authentication error", kafka.under_another_name
    yield PRODUCER, "Kafka with a wrong password", "SASL authentication error", kafka.with_a_wrong_password
    yield PRODUCER, "a Kafka of another authority", "certificate", kafka.at_another_authority
    yield PRODUCER, "to read trips", "TOPIC_AUTHORIZATION_FAILED", lambda: kafka.read(PRODUCER, "trips")
    yield PRODUCER, "to write dead letters", "TOPIC_AUTH", lambda: kafka.write(PRODUCER, "trips-dead-letters")
    yield PRODUCER, "to make another topic", "TOPIC_AUTH", lambda: kafka.make(PRODUCER, "elsewhere")
    yield JOB, "to write trips", "TOPIC_AUTHORIZATION_FAILED", lambda: kafka.write(JOB, "trips")
    yield JOB, "to read the registry's topic", "TOPIC_AUTH", lambda: kafka.read(JOB, "kafkasql-journal")
    yield REGISTRY, "to read trips", "TOPIC_AUTHORIZATION_FAILED", lambda: kafka.read(REGISTRY, "trips")
    yield stranger, "the controller, no certificate", "BAD_CERTIFICATE", kafka.controller
    yield stranger, "the controller, expired one", "CERTIFICATE_UNKNOWN", kafka.controller_with_expired
    attempts = PostgresAttempts(endpoints)
    yield stranger, "Postgres without TLS", "no encryption", attempts.without_tls
    yield (
        JOB,
        "Postgres with a wrong password",
        "password authentication failed",
        attempts.with_a_wrong_password,
    )
    yield JOB, "a Postgres that expired", "certificate verify failed", attempts.of_an_expired_server
    yield JOB, "the producer's role", "password authentication failed", attempts.as_nobody
    yield JOB, "to drop its table", "must be owner", lambda: attempts.of(JOB, "drop table taxi_1.all_trips")
    yield JOB, "to switch readers", "denied", lambda: attempts.of(JOB, "delete from taxi.switches")
    yield JOB, "a new table", "denied", lambda: attempts.of(JOB, "create table taxi_1.mine (id int)")
    yield READER, "to delete trips", "denied", lambda: attempts.of(READER, "delete from taxi.trips")
    yield READER, "the tables below", "denied", lambda: attempts.of(READER, "select * from taxi_1.all_trips")
    yield AIRFLOW, "to read trips", "denied", lambda: attempts.of(AIRFLOW, "select * from taxi.trips")
    yield PRODUCER, "./taxi replay, wrong password", "KAFKA_USER and its password", kafka.by_command


class KafkaAttempts:
    """Attempts on Kafka that must fail; each returns what it was told."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._secrets = Secrets(endpoints.home)

    def without_tls(self) -> str:
        return self._error_of({"security.protocol": "PLAINTEXT"})

    def under_another_name(self) -> str:
        return self._error_of({"sasl.username": "mallory"})

    def with_a_wrong_password(self) -> str:
        return self._error_of({"sasl.password": "wrong"})

    def at_another_authority(self) -> str:
        folder = self._endpoints.home / "tmp" / "another-authority"
        folder.mkdir(parents=True, exist_ok=True)
        Authority(folder).ensure()
        return self._error_of({"ssl.ca.location": str(folder / "ca.pem")})

    def by_command(self) -> str:
        wrong = self._endpoints.home / "tmp" / "wrong-password"
        wrong.write_text("wrong")
        environment = {
            **self._endpoints.producer_environment(),
            "KAFKA_PASSWORD_FILE": str(wrong),
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
        }
        month = first_days(MONTH)
        done = subprocess.run(
            [sys.executable, "-m", "producer", "replay", str(month), "--speedup", "max"],
            env={**environment, "HOME": str(Path.home())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    def read(self, user: str, topic: str) -> str:
        consumer = Consumer({**self._options(user), "group.id": "zone_fares", "enable.auto.commit": False})
        try:
            # Who may not even know of a topic is told so here, and never again by the client.
            unknown = consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].error
            if unknown:
                return str(unknown.name())
            consumer.assign([TopicPartition(topic, 0, 0)])
            # That a group is refused says nothing of the topic, which is read without it.
            answers = (_record_text(consumer.poll(1.0)) for _ in range(ANSWER_SECONDS))
            return next((text for text in answers if text and not text.startswith("GROUP")), "no answer")
        finally:
            consumer.close()

    def write(self, user: str, topic: str) -> str:
        refused: list[str] = []
        producer = Producer(self._options(user))
        producer.produce(
            topic, b"x", on_delivery=lambda error, _: refused.append(error.name() if error else "let in")
        )
        producer.flush(ANSWER_SECONDS)
        return "".join(refused)

    def make(self, user: str, topic: str) -> str:
        admin = AdminClient(self._options(user))
        failure = admin.create_topics([NewTopic(topic, 1)])[topic].exception(ANSWER_SECONDS)
        return str(failure.args[0].name()) if failure else "let in"

    def controller(self) -> str:
        return self._controller(None)

    def controller_with_expired(self) -> str:
        expired = self._endpoints.home / "tmp" / "expired.pem"
        expired.write_bytes(Authority(self._secrets.folder).issue("kafka", until=YESTERDAY))
        return self._controller(expired)

    def controller_with_a_good_one(self) -> str:
        """The counterpart, which differs in nothing but its dates."""
        good = self._endpoints.home / "tmp" / "good.pem"
        good.write_bytes(Authority(self._secrets.folder).issue("kafka"))
        return self._controller(good)

    def _controller(self, certificate: Path | None) -> str:
        ports = recorded_ports(self._endpoints.home)
        assert ports is not None
        context = ssl.create_default_context(cafile=str(self._secrets.authority_certificate))
        if certificate:
            context.load_cert_chain(certificate)
        try:
            with socket.create_connection((LOOPBACK, ports.kafka_controller), ANSWER_SECONDS) as plain:
                plain.settimeout(ANSWER_SECONDS)
                with context.wrap_socket(plain, server_hostname=LOOPBACK) as channel:
                    # TLS 1.3: the verdict on the certificate comes after the handshake, and only a bad one.
                    channel.settimeout(SILENCE_SECONDS)
                    channel.recv(1)
            return "hung up"
        except TimeoutError:
            return "let in"
        except ssl.SSLError as error:
            return str(error.reason)

    def _error_of(self, otherwise: dict[str, str]) -> str:
        errors: list[KafkaError] = []
        options = {**self._options(PRODUCER), **otherwise, "error_cb": errors.append}
        client = Producer(options)
        wait_for(
            lambda: client.poll(0.2) or errors,
            stalled_seconds=ANSWER_SECONDS,
            what="an error of Kafka's client",
        )
        # That no broker is left is only what follows from the reason, where one was given.
        reasons = [error.str() for error in errors if error.code() != KafkaError._ALL_BROKERS_DOWN]
        return str((reasons or [errors[0].str()])[0])

    def _options(self, user: str) -> dict[str, str]:
        access = replace(self._endpoints.kafka, security=self._secrets.kafka(user))
        return {**access.librdkafka(), "log_level": "0"}


def _record_text(record: Message | None) -> str:
    if record is None:
        return ""
    return str(record.error().name()) if record.error() else "let in"


class PostgresAttempts:
    """Attempts on Postgres that must fail; each returns what it was told."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def of(self, role: str, statement: str) -> str:
        return self._error_message(self._endpoints.dsn_of(role), statement)

    def without_tls(self) -> str:
        return self._error_message(self._endpoints.dsn_of(READER).replace("verify-full", "disable"))

    def with_a_wrong_password(self) -> str:
        return self._error_message(self._endpoints.dsn_of(JOB), password="wrong")

    def as_nobody(self) -> str:
        return self._error_message(self._endpoints.dsn_of(JOB), user="producer", password="wrong")

    def of_an_expired_server(self) -> str:
        secrets = Secrets(self._endpoints.home)
        data = data_folder(self._endpoints.home)
        expired = Authority(secrets.folder).issue("postgres", until=YESTERDAY)
        certificate, key = split_pem(expired)
        (data / "server.crt").write_bytes(certificate)
        (data / "server.key").write_bytes(key)
        with psycopg.connect(self._endpoints.postgres_dsn, autocommit=True) as connection:
            try:
                connection.execute("select pg_reload_conf()")
                return wait_for(self._expired, stalled_seconds=ANSWER_SECONDS, what="the expired certificate")
            finally:
                locked(data, secrets, account().give_ownership)
                connection.execute("select pg_reload_conf()")
                wait_for(
                    lambda: not self._expired(), stalled_seconds=ANSWER_SECONDS, what="the good certificate"
                )

    def _expired(self) -> str:
        refused = self._error_message(self._endpoints.dsn_of(JOB))
        return refused if "certificate" in refused else ""

    def _error_message(self, dsn: str, statement: str = "select 1", **otherwise: str) -> str:
        try:
            with psycopg.connect(make_conninfo(dsn, **otherwise)) as connection:
                connection.execute(statement.encode())
                connection.rollback()
        except psycopg.Error as error:
            return " ".join(str(error).split())
        return "let in"
