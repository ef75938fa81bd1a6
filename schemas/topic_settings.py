"""The required settings of a topic, and whether a wrong value loses, refuses or delays trips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

UNLIMITED_MS = 2**63 - 1
LEAST_MESSAGE_BYTES = 1_000_000
"""librdkafka's limit for one batch, and so that of this platform's producer."""


@dataclass(frozen=True)
class _Requirement:
    setting: str
    is_met: Callable[[str], bool]
    wanted: str
    otherwise: str


def _exactly(wanted: str) -> Callable[[str], bool]:
    return lambda value: value == wanted


def _at_least(least: int) -> Callable[[str], bool]:
    return lambda value: int(value) >= least


_REQUIREMENTS = (
    _Requirement(
        "cleanup.policy",
        _exactly("delete"),
        "delete",
        "compaction removes trips and progress markers that share a key",
    ),
    _Requirement(
        "retention.ms",
        _exactly("-1"),
        "-1",
        "it deletes old records, so replayed trips would be deleted at once",
    ),
    _Requirement(
        "retention.bytes",
        _exactly("-1"),
        "-1",
        "it deletes the oldest records of a larger partition",
    ),
    _Requirement(
        "message.timestamp.type",
        _exactly("CreateTime"),
        "CreateTime",
        "it replaces the event time with the broker's clock, which makes every trip late",
    ),
    _Requirement(
        "message.timestamp.before.max.ms",
        _at_least(UNLIMITED_MS),
        str(UNLIMITED_MS),
        "it refuses records with old timestamps, so replayed trips would be refused",
    ),
    _Requirement(
        "max.message.bytes",
        _at_least(LEAST_MESSAGE_BYTES),
        str(LEAST_MESSAGE_BYTES),
        "it refuses a full batch of the producer",
    ),
)


@dataclass(frozen=True)
class UnfitSetting:
    """A setting of a topic that breaks the contract."""

    setting: str
    value: str
    wanted: str
    otherwise: str

    def __str__(self) -> str:
        return f"{self.setting}={self.value}: {self.otherwise}"

    @property
    def remedy(self) -> str:
        """The change that fixes it."""
        return f"set {self.setting}={self.wanted} on the topic"


def unfit_settings(values: Mapping[str, str]) -> tuple[UnfitSetting, ...]:
    """Return the settings that break the contract; one that the broker does not know is accepted."""
    return tuple(
        UnfitSetting(one.setting, values[one.setting], one.wanted, one.otherwise)
        for one in _REQUIREMENTS
        if one.setting in values and not one.is_met(values[one.setting])
    )


def read_settings(admin: AdminClient, topic: str, timeout_seconds: float) -> Mapping[str, str]:
    """Return the effective settings of a topic, including the broker's defaults; raises KafkaException."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    answer: Mapping[str, Any] = admin.describe_configs([resource])[resource].result(timeout=timeout_seconds)
    return {name: str(entry.value) for name, entry in answer.items() if entry.value is not None}
