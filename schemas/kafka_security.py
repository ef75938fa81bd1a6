"""Kafka authentication: the same settings for every program of the platform.

KAFKA_SECURITY        plaintext (the default), scram or iam
KAFKA_USER            scram: the user name
KAFKA_PASSWORD_FILE   scram: a file that holds only the password
KAFKA_CA_FILE         scram: the certificate of the authority that signs the brokers' certificates
AWS_REGION            iam: the region of the MSK cluster
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

PLAINTEXT, SCRAM, IAM = MODES = ("plaintext", "scram", "iam")
SCRAM_MECHANISM = "SCRAM-SHA-512"
SIGN = "schemas.msk_token:signed_token"
"""Imported for MSK only, because it loads boto3."""


@dataclass(frozen=True)
class KafkaSecurity:
    """The client settings for authentication; paths, never a password."""

    mode: str = PLAINTEXT
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        """Raise for settings that cannot authenticate, with the reason."""
        if self.mode not in MODES:
            raise ValueError(f"KAFKA_SECURITY={self.mode} is invalid; use one of {', '.join(MODES)}")
        missing = [name for name, value in self._needed().items() if not value]
        if missing:
            raise ValueError(f"KAFKA_SECURITY={self.mode} requires {', '.join(missing)}")

    @classmethod
    def from_mapping(cls, settings: Mapping[str, str]) -> "KafkaSecurity":
        """Read the settings from the variables above."""
        return cls(
            mode=settings.get("KAFKA_SECURITY") or PLAINTEXT,
            user=settings.get("KAFKA_USER", ""),
            password_file=settings.get("KAFKA_PASSWORD_FILE", ""),
            ca_file=settings.get("KAFKA_CA_FILE", ""),
            region=settings.get("AWS_REGION") or settings.get("AWS_DEFAULT_REGION") or "",
        )

    @property
    def is_open(self) -> bool:
        """True if Kafka requires no authentication."""
        return self.mode == PLAINTEXT

    def as_environment(self) -> dict[str, str]:
        """Return the variables above; empty for an open Kafka."""
        if self.is_open:
            return {}
        return {
            "KAFKA_SECURITY": self.mode,
            **{name: value for name, value in self._needed().items() if value},
        }

    def librdkafka(self) -> dict[str, Any]:
        """Return the options of confluent-kafka; with `iam` they sign with the current AWS credentials."""
        if self.is_open:
            return {}
        if self.mode == IAM:
            signed_token = resolve_name(SIGN)
            return {
                "security.protocol": "SASL_SSL",
                "sasl.mechanisms": "OAUTHBEARER",
                "oauth_cb": lambda _: signed_token(self.region),
            }
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": SCRAM_MECHANISM,
            "sasl.username": self.user,
            "sasl.password": Path(self.password_file).read_text("utf-8").strip(),
            "ssl.ca.location": self.ca_file,
        }

    def java(self, shaded: str = "") -> dict[str, str]:
        """Return the properties of Kafka's Java clients, with packages relocated under `shaded`.

        The password is not included: the client reads it from its file.
        """
        if self.is_open:
            return {}
        if self.mode == IAM:
            return {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "AWS_MSK_IAM",
                "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
                "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
            }
        kafka, secret = f"{shaded}org.apache.kafka.common", Path(self.password_file)
        password = f"${{directory:{secret.parent}:{secret.name}}}"
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": SCRAM_MECHANISM,
            "config.providers": "directory",
            "config.providers.directory.class": f"{kafka}.config.provider.DirectoryConfigProvider",
            "sasl.jaas.config": f"{kafka}.security.scram.ScramLoginModule required"
            f' username="{self.user}" password="{password}";',
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.ca_file,
        }

    def _needed(self) -> dict[str, str]:
        if self.mode == SCRAM:
            return {
                "KAFKA_USER": self.user,
                "KAFKA_PASSWORD_FILE": self.password_file,
                "KAFKA_CA_FILE": self.ca_file,
            }
        return {"AWS_REGION": self.region} if self.mode == IAM else {}


OPEN = KafkaSecurity()


@dataclass(frozen=True)
class KafkaAccess:
    """The addresses of a Kafka cluster, and the authentication for it."""

    bootstrap_servers: str
    security: KafkaSecurity = OPEN

    @classmethod
    def of(cls, kafka: "KafkaAccess | str") -> "KafkaAccess":
        """Wrap plain addresses as an open Kafka."""
        return cls(kafka) if isinstance(kafka, str) else kafka

    def librdkafka(self) -> dict[str, Any]:
        """Return the base options of every confluent-kafka client."""
        return {"bootstrap.servers": self.bootstrap_servers, **self.security.librdkafka()}
