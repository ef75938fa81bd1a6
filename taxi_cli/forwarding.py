"""Replaces this process by other programs, in their environment and connected to the stack."""

import os
import sys
from collections.abc import Mapping, Sequence

from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.settings import KAFKA, REGISTRY, user_environment

HELP = "--help"


def replace_process(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Exec this program with variables in addition to the caller's: signals and exit code are its own."""
    replace_process_and_environment(command, {**user_environment(), **environment})


def replace_process_and_environment(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Exec this program with these variables only."""
    os.execve(command[0], list(command), dict(environment))  # noqa: S606 - no shell is meant


def run_producer(command: str, arguments: Sequence[str], *, needs_kafka: bool) -> None:
    """Exec the producer, with the platform's endpoints; without them where it needs no Kafka."""
    endpoints = _producer_endpoints(needs_kafka=needs_kafka and HELP not in arguments)
    replace_process(
        [sys.executable, "-P", "-m", "producer", command, *arguments],
        {**endpoints, "TAXI_PROGRAM_NAME": "./taxi"},
    )


def _producer_endpoints(*, needs_kafka: bool) -> Mapping[str, str]:
    try:
        return Endpoints.of_platform(KAFKA, REGISTRY).producer_environment()
    except UserError:
        if needs_kafka:
            raise
        return {}
