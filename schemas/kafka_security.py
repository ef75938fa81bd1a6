"""How a program proves to Kafka who it is: the same settings for every program of the platform.

KAFKA_SECURITY        plaintext (the default), scram or iam
KAFKA_USER            scram: the name
KAFKA_PASSWORD_FILE   scram: a file that holds the password and nothing else
KAFKA_CA_FILE         scram: the certificate of the authority that vouches for the brokers
AWS_REGION            iam: the region of the MSK cluster
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PLAINTEXT, SCRAM, IAM = MODES = ("plaintext", "scram", "iam")
SCRAM_MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True)
class KafkaSecurity:
    """What a client needs to be let in; paths, never a password."""

    mode: str = PLAINTEXT
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        """Refuse what lets nobody in, and say why."""
        if self.mode not in MODES:
            raise ValueError(f"KAFKA_SECURITY={self.mode} is none of {', '.join(MODES)}")
        missing = [name for name, value in self._needed().items() if not value]
        if missing:
            raise ValueError(f"KAFKA_SECURITY={self.mode} needs {', '.join(missing)}")

    @classmethod
    def from_mapping(cls, settings: Mapping[str, str]) -> "KafkaSecurity":
        """Read it from variables of the names above."""
        return cls(
            mode=settings.get("KAFKA_SECURITY") or PLAINTEXT,
            user=settings.get("KAFKA_USER", ""),
            password_file=settings.get("KAFKA_PASSWORD_FILE", ""),
            ca_file=settings.get("KAFKA_CA_FILE", ""),
            region=settings.get("AWS_REGION") or settings.get("AWS_DEFAULT_REGION") or "",
        )

    @property
    def is_open(self) -> bool:
        """Whether Kafka asks nobody who he is."""
        return self.mode == PLAINTEXT

    def as_environment(self) -> dict[str, str]:
        """The variables of the names above; none for an open Kafka."""
        if self.is_open:
            return {}
        return {
            "KAFKA_SECURITY": self.mode,
            **{name: value for name, value in self._needed().items() if value},
        }

    def librdkafka(self) -> dict[str, str]:
        """Options of confluent-kafka; with `iam` the caller adds the callback that signs."""
        if self.is_open:
            return {}
        if self.mode == IAM:
            return {"security.protocol": "SASL_SSL", "sasl.mechanisms": "OAUTHBEARER"}
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": SCRAM_MECHANISM,
            "sasl.username": self.user,
            "sasl.password": Path(self.password_file).read_text("utf-8").strip(),
            "ssl.ca.location": self.ca_file,
        }

    def java(self, shaded: str = "") -> dict[str, str]:
        """Properties of Kafka's Java clients, whose packages a connector may have moved under `shaded`.

        The password is not among them: the client itself reads it from its file.
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
    """A Kafka, and how one is let in."""

    bootstrap_servers: str
    security: KafkaSecurity = OPEN

    @classmethod
    def of(cls, kafka: "KafkaAccess | str") -> "KafkaAccess":
        """The addresses alone stand for an open Kafka."""
        return cls(kafka) if isinstance(kafka, str) else kafka

    def librdkafka(self) -> dict[str, str]:
        """What every client of confluent-kafka is made with."""
        return {"bootstrap.servers": self.bootstrap_servers, **self.security.librdkafka()}
