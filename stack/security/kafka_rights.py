"""The ACLs of Kafka's users. Anything not listed here is denied."""

from collections.abc import Iterator

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from schemas.jobs import job_names
from schemas.kafka_errors import passing_kafka_reason
from schemas.kafka_security import KafkaAccess
from schemas.retries import with_retries
from schemas.topics import (
    DEAD_LETTERS_TOPIC,
    PUBLISHER_GROUP_PREFIX,
    REPROCESS_TOPIC_PREFIX,
    TRIPS_TOPIC,
)
from stack.security.secrets import JOB, PRODUCER, REGISTRY
from stack.settings import ROOT

TIMEOUT_SECONDS = 30
WRITES, READS = ("WRITE", "DESCRIBE"), ("READ", "DESCRIBE")
# The producer creates a missing topic, and refuses one whose retention deletes old records.
MAKES = ("CREATE", "DESCRIBE_CONFIGS")

RIGHTS = (
    (PRODUCER, "TOPIC", "LITERAL", TRIPS_TOPIC, (*WRITES, *MAKES)),
    (PRODUCER, "TOPIC", "PREFIXED", REPROCESS_TOPIC_PREFIX, (*WRITES, *MAKES)),
    (PRODUCER, "GROUP", "PREFIXED", PUBLISHER_GROUP_PREFIX, READS),
    (JOB, "TOPIC", "LITERAL", TRIPS_TOPIC, READS),
    (JOB, "TOPIC", "PREFIXED", DEAD_LETTERS_TOPIC, WRITES),
    (JOB, "TOPIC", "PREFIXED", REPROCESS_TOPIC_PREFIX, (*READS, "WRITE")),
    (REGISTRY, "TOPIC", "PREFIXED", "kafkasql-", ("ALL",)),
    (REGISTRY, "TOPIC", "LITERAL", "registry-events", ("ALL",)),
    (REGISTRY, "GROUP", "PREFIXED", "apicurio-", ("READ", "DESCRIBE")),
)


def apply_rights(kafka: KafkaAccess) -> None:
    """Set exactly these ACLs and remove others; needs a superuser."""
    admin = AdminClient({**kafka.librdkafka(), "log_level": 2})
    with_retries(lambda: _apply(admin), what="Kafka", passing=passing_kafka_reason)


def _apply(admin: AdminClient) -> None:
    wanted = set(_bindings())
    present = set(admin.describe_acls(_all_there_are(), request_timeout=TIMEOUT_SECONDS).result())
    for answer in admin.create_acls(list(wanted - present)).values() if wanted - present else ():
        answer.result(timeout=TIMEOUT_SECONDS)
    stale = [_only(binding) for binding in present - wanted]
    for removed in admin.delete_acls(stale).values() if stale else ():
        removed.result(timeout=TIMEOUT_SECONDS)


def _bindings() -> Iterator[AclBinding]:
    # All jobs run as one user; each job's groups begin with its name.
    groups = ((JOB, "GROUP", "PREFIXED", job, READS) for job in job_names(ROOT / "flink_jobs"))
    for user, kind, pattern, name, operations in (*RIGHTS, *groups):
        for operation in operations:
            yield AclBinding(
                ResourceType[kind],
                name,
                ResourcePatternType[pattern],
                f"User:{user}",
                "*",
                AclOperation[operation],
                AclPermissionType.ALLOW,
            )


def _all_there_are() -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        None,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _only(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
