"""How programs prove who they are, as far as it can be seen without a Kafka or an AWS."""

import base64
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import boto3
import pytest
from confluent_kafka.admin import AdminClient
from moto import mock_aws

from control_plane.delivery.relocation import relocate
from flink_jobs.zone_fares.job import JOB
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from producer.settings import ProducerSettings
from schemas.errors import UserError
from schemas.kafka_security import IAM, KafkaAccess, KafkaSecurity
from schemas.msk_token import signed_token
from stack.toolchain import jars

pytestmark = pytest.mark.unit

FETCHED = "s3same"

REGION = "us-east-1"
PLACES = {
    "kafka_bootstrap_servers": "kafka:9098",
    "schema_registry_url": "http://registry",
    "postgres_dsn": "postgresql://zone_fares@db:5432/taxi",
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


def job_settings(**otherwise: str) -> ZoneFaresSettings:
    return ZoneFaresSettings(**{**PLACES, **otherwise})  # type: ignore[arg-type]


def test_every_client_of_kafka_signs_for_msk_as_soon_as_it_is_made(aws: None) -> None:
    options = KafkaAccess("127.0.0.1:1", KafkaSecurity(IAM, region=REGION)).librdkafka()
    sign, signed = options["oauth_cb"], Event()

    def note(configuration: str) -> tuple[str, float]:
        token: tuple[str, float] = sign(configuration)
        signed.set()
        return token

    admin = AdminClient({**options, "oauth_cb": note, "log_level": 0})
    assert signed.wait(60), admin


def test_the_producer_signs_for_msk_with_its_aws_credentials(aws: None) -> None:
    options = KafkaSecurity(IAM, region=REGION).librdkafka()
    assert (options["security.protocol"], options["sasl.mechanisms"]) == ("SASL_SSL", "OAUTHBEARER")
    token, expires_at = signed_token(REGION)
    assert options["oauth_cb"]("")[1] > 0
    assert expires_at > 1_700_000_000
    request = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert "Action=kafka-cluster%3AConnect" in request
    assert f"kafka.{REGION}.amazonaws.com" in request


def test_the_job_speaks_iam_in_every_table_on_kafka() -> None:
    settings = job_settings(kafka_security="iam", aws_region=REGION)
    texts = [*JOB.statements("source.sql", settings), *JOB.statements("dead_letters.sql", settings)]
    tables = [text for text in texts if "'connector' = 'kafka" in text]
    assert len(tables) == 2
    assert all("'properties.sasl.mechanism' = 'AWS_MSK_IAM'" in table for table in tables)


def test_an_open_kafka_is_asked_as_before() -> None:
    assert job_settings().kafka_options == {"properties.bootstrap.servers": "kafka:9098"}
    assert KafkaSecurity().librdkafka() == {}


def test_no_password_is_in_the_sql_of_a_job_that_finds_it_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "kafka").write_text("very-private", "utf-8")
    scram = {"kafka_security": "scram", "kafka_user": "zone_fares", "kafka_ca_file": "/ca.pem"}
    dsn = f"postgresql://zone_fares@db:5432/taxi?sslmode=verify-full&passfile={tmp_path}/pgpass"
    settings = job_settings(**scram, kafka_password_file=str(tmp_path / "kafka"), postgres_dsn=dsn)
    text = "".join(
        statement for name in ("source.sql", "sinks.sql") for statement in JOB.statements(name, settings)
    )
    assert "very-private" not in text
    assert "sslmode=verify-full" in settings.postgres_options["url"]
    assert "password" not in settings.postgres_options


@pytest.mark.parametrize("text", [FETCHED, json.dumps({"username": "zone_fares", "password": FETCHED})])
def test_the_job_fetches_its_password_by_the_name_of_its_secret(aws: None, text: str) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    arn = client.create_secret(Name="nyc-taxi/postgres/zone_fares", SecretString=text)["ARN"]
    assert job_settings(postgres_secret_arn=arn).postgres_options["password"] == FETCHED


@pytest.mark.parametrize(
    ("setting", "named"),
    [("kerberos", "is invalid; use one of plaintext"), ("scram", "KAFKA_USER"), ("iam", "AWS_REGION")],
)
def test_settings_that_let_nobody_in_are_refused_in_one_line(setting: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        _ = ProducerSettings(kafka_security=setting, aws_region="").kafka_access


def test_the_login_module_of_msk_is_one_of_the_connectors_kafka(tmp_path: Path) -> None:
    (source,) = jars.ensure("msk")
    relocate(source, tmp_path / "moved.jar")
    with zipfile.ZipFile(tmp_path / "moved.jar") as jar:
        handler = jar.read("software/amazon/msk/auth/iam/IAMClientCallbackHandler.class")
        known = set(jar.namelist())
    assert b"org/apache/flink/kafka/shaded/org/apache/kafka/common/security/auth" in handler
    assert b"Lorg/apache/kafka" not in handler
    assert "software/amazon/msk/auth/iam/IAMLoginModule.class" in known
