"""Register the contract of a topic at the schema registry."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from schemas import trip
from schemas.errors import TransientError, UserError
from schemas.retries import PATIENCE_SECONDS, with_retries

ANSWER_SECONDS = 10.0
PASSING_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


class AbsentError(UserError):
    """The registry does not have the requested entry."""


@dataclass(frozen=True)
class SchemaRegistry:
    """A registry with Confluent's API; requests are retried while it is briefly down."""

    url: str
    patience_seconds: float = PATIENCE_SECONDS

    def check(self) -> None:
        """Raise UserError when the registry does not answer."""
        self._call("GET", "/subjects")

    def register(self, topic: str, schemas: Sequence[trip.TripSchema]) -> Mapping[trip.TripSchema, int]:
        """Return the ids of these schemas.

        Raises UserError with the registry's reason when it refuses one.
        """
        subject = trip.subject(topic)
        self._call("PUT", f"/config/{subject}", {"compatibility": trip.SUBJECT_COMPATIBILITY})
        return {schema: self._register(subject, schema) for schema in schemas}

    def forget(self, topic: str) -> None:
        """Delete the subjects of a topic that is gone; safe to repeat."""
        subject = trip.subject(topic)
        # The first request only soft-deletes a subject; the second one deletes its versions.
        for path in (f"/subjects/{subject}", f"/subjects/{subject}?permanent=true", f"/config/{subject}"):
            with suppress(AbsentError):
                self._call("DELETE", path)

    def _register(self, subject: str, schema: trip.TripSchema) -> int:
        body = {"schema": schema.text, "schemaType": "AVRO"}
        return int(self._call("POST", f"/subjects/{subject}/versions", body)["id"])

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        return with_retries(
            lambda: self._call_once(method, path, body),
            what=f"the schema registry at {self.url}",
            patience_seconds=self.patience_seconds,
        )

    def _call_once(self, method: str, path: str, body: dict[str, str] | None) -> Any:
        try:
            answer = httpx.request(
                method,
                self.url.rstrip("/") + path,
                content=json.dumps(body) if body else None,
                headers={"Content-Type": _MEDIA_TYPE},
                timeout=ANSWER_SECONDS,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            kind = TransientError if isinstance(error, PASSING_ERRORS) else UserError
            raise kind(
                f"schema registry {self.url} does not answer ({error or type(error).__name__})",
                "start the stack with ./taxi up, or set SCHEMA_REGISTRY_URL",
            ) from error
        if answer.is_success:
            return answer.json()
        kind = TransientError if answer.is_server_error else UserError
        if answer.status_code == HTTPStatus.NOT_FOUND:
            kind = AbsentError
        raise kind(f"schema registry {self.url} refused {method} {path}: {_reason(answer)}")


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
