"""A stand-in for AWS: moto, and beside it the answers that Terraform needs and moto does not give.

It can be asked as a proxy too: a service whose clients put `api.` before the host is not found on loopback.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import httpx
from moto.emrserverless import models as emr_serverless
from moto.iam.access_control import PermissionResult
from moto.kafka.models import FakeKafkaCluster, kafka_backends
from moto.kinesisanalyticsv2.models import kinesisanalyticsv2_backends
from moto.s3.models import FakeBucket
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
REGION = "us-east-1"
HOST = "http://aws.stand-in.test"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

Answer = Mapping[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

EMPTY_ANSWERS: Mapping[tuple[str, str], Answer] = {
    ("application-autoscaling", "ListTagsForResource"): {"Tags": {}},
    ("budgets", "DescribeSubscribersForNotification"): {"Subscribers": []},
    ("budgets", "ListTagsForResource"): {"ResourceTags": []},
}


class NotFoundError(Exception):
    """What was asked for is not there."""


@dataclass(frozen=True)
class AwsRequest:
    """What a client of AWS asks."""

    service: str
    method: str
    path: str
    action: str
    body: Mapping[str, Any]

    @classmethod
    def of(cls, environ: dict[str, Any], body: bytes) -> "AwsRequest":
        """Read the request; the service is in the scope of its signature."""
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        return cls(
            service=scope[1] if scope else "",
            method=environ["REQUEST_METHOD"],
            path=unquote(environ["PATH_INFO"]),
            action=environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2],
            body=json.loads(body) if body[:1] == b"{" else {},
        )


@dataclass
class Extras:
    """The services, or the parts of them, that moto lacks."""

    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    configurations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, request: AwsRequest) -> Answer | None:
        """The answer, or None where moto has one; raises NotFoundError."""
        if request.service == "airflow":
            return self._airflow(request)
        if request.service == "kafka":
            return self._kafka(request)
        if request.service == "kinesisanalytics":
            return _managed_flink(request)
        return EMPTY_ANSWERS.get((request.service, request.action))

    def _airflow(self, request: AwsRequest) -> Answer:
        if request.path.startswith("/tags/"):
            return {"Tags": {}}
        name = request.path.rpartition("/")[2]
        if request.method == "PUT":
            self.environments[name] = _environment(name, request.body)
            return {"Arn": self.environments[name]["Arn"]}
        if name not in self.environments:
            raise NotFoundError
        if request.method == "DELETE":
            del self.environments[name]
            return {}
        return {"Environment": self.environments[name]}

    def _kafka(self, request: AwsRequest) -> Answer | None:
        if request.path.endswith("/bootstrap-brokers"):
            return {"bootstrapBrokerStringSaslIam": "b-1.stand-in.test:9098,b-2.stand-in.test:9098"}
        if not request.path.startswith("/v1/configurations"):
            _refuse_a_cluster_that_is_gone(request)
            return None
        if request.method == "POST":
            arn = f"arn:aws:kafka:{REGION}:{ACCOUNT}:configuration/{request.body['name']}/1"
            self.configurations[arn] = _configuration(arn, request.body)
            return self.configurations[arn]
        return self._configuration(request)

    def _configuration(self, request: AwsRequest) -> Answer:
        arn = request.path.removeprefix("/v1/configurations/").removesuffix("/revisions/1")
        if arn not in self.configurations:
            raise NotFoundError
        if request.method == "DELETE":
            return {"arn": arn, "state": self.configurations.pop(arn)["state"]}
        return self.configurations[arn]


def _refuse_a_cluster_that_is_gone(request: AwsRequest) -> None:
    # moto stumbles when it is asked for a cluster that was deleted.
    arn = request.path.partition("/clusters/")[2]
    if request.method == "GET" and arn and arn not in kafka_backends[ACCOUNT][REGION].clusters:
        raise NotFoundError


def _environment(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **spec,
        "Name": name,
        "Arn": f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/{name}",
        "Status": "AVAILABLE",
        "WebserverUrl": f"{name}.airflow.stand-in.test",
        "CreatedAt": NOW.timestamp(),
        "Schedulers": 2,
        "MinWebservers": 2,
        "MaxWebservers": 2,
        "WeeklyMaintenanceWindowStart": "MON:01:00",
    }


def _configuration(arn: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    revision = {"creationTime": NOW.isoformat(), "revision": 1}
    return {
        **spec,
        "arn": arn,
        "state": "ACTIVE",
        "creationTime": NOW.isoformat(),
        "revision": 1,
        "latestRevision": revision,
    }


def _managed_flink(request: AwsRequest) -> Answer | None:
    backend = kinesisanalyticsv2_backends[ACCOUNT][REGION]
    name = str(request.body.get("ApplicationName"))
    if request.action == "CreateApplication":
        return _application_detail(name, backend.create_application(**_creation(request.body)))
    if request.action == "DescribeApplication":
        if name not in backend.applications:
            raise NotFoundError
        return _application_detail(name, backend.describe_application(name))
    if request.action == "DeleteApplication":
        del backend.applications[name]
        return {}
    return None


def _creation(body: Mapping[str, Any]) -> dict[str, Any]:
    names = [
        *("ApplicationName", "ApplicationDescription", "ApplicationMode", "ApplicationConfiguration"),
        *("RuntimeEnvironment", "ServiceExecutionRole", "CloudWatchLoggingOptions", "Tags"),
    ]
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): body.get(name) for name in names}


def _application_detail(name: str, detail: dict[str, Any]) -> Answer:
    # moto leaves the name out, writes times as text, and says STARTING for ever.
    own = {"ApplicationName": name, "ApplicationStatus": "READY"}
    times = [field for field in detail if field.endswith("Timestamp")]
    return {"ApplicationDetail": {**detail, **own, **dict.fromkeys(times, NOW.timestamp())}}


@dataclass(frozen=True)
class StandIn:
    """Where it listens, and what it was asked for in vain."""

    proxy_url: str
    refusals: list[str]


@contextmanager
def aws_stand_in() -> Iterator[StandIn]:
    """AWS without AWS, on a free port of this machine."""
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with _corrected_moto():
        moto.start()
        host, port = moto.get_host_and_port()
        # All servers of a process share one memory.
        httpx.post(f"http://{host}:{port}/moto-api/reset").raise_for_status()
        stand_in = StandIn(f"http://{host}:{port}", [])
        assert moto._server is not None
        moto._server.app = _with_extras(moto._server.app, Extras(), stand_in.refusals)
        try:
            yield stand_in
        finally:
            moto.stop()


def _with_extras(inner: Application, extras: Extras, refusals: list[str]) -> Application:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        request = AwsRequest.of(environ, body)
        try:
            answer = extras.answer(request)
        except NotFoundError:
            status, kind, message = _refusal(request)
            start_response(status, [("Content-Type", "application/json"), ("X-Amzn-ErrorType", kind)])
            return [json.dumps({"message": message}).encode()]
        if answer is None:
            return inner(environ, _noting(start_response, request, refusals))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return app


def _refusal(request: AwsRequest) -> tuple[str, str, str]:
    """Status, kind and text by which a client of the service knows that a thing is gone."""
    if request.path.startswith("/v1/configurations"):
        return "400 Bad Request", "BadRequestException", "Configuration ARN does not exist"
    kind = "NotFoundException" if request.service == "kafka" else "ResourceNotFoundException"
    return "404 Not Found", kind, "it is not there"


def _noting(start_response: StartResponse, request: AwsRequest, refusals: list[str]) -> StartResponse:
    def noted(status: str, *arguments: Any, **options: Any) -> Any:
        if status[0] in "45":
            refusals.append(f"{status} {request.service} {request.action} {request.method} {request.path}")
        return start_response(status, *arguments, **options)

    return noted


@contextmanager
def _corrected_moto() -> Iterator[None]:
    """Moto with the states that services come to, and without the refusals that services would not give."""
    new_cluster = FakeKafkaCluster.__init__
    new_application = emr_serverless.EMRServerlessBackend.create_application

    def active(cluster: FakeKafkaCluster, *arguments: Any, **options: Any) -> None:
        new_cluster(cluster, *arguments, **{**options, "state": "ACTIVE"})

    def created(backend: emr_serverless.EMRServerlessBackend, **options: Any) -> emr_serverless.Application:
        # It knows no release of the line of Spark 4.
        application = new_application(backend, **{**options, "release_label": "emr-7.0.0"})
        application.release_label = options["release_label"]
        application.type = application.type.upper()
        application.state = "CREATED"
        return application

    def neutral(*_: Any) -> PermissionResult:
        # It knows no conditions: a policy that denies plain transport would deny everything.
        return PermissionResult.NEUTRAL

    with (
        patch.dict(os.environ, {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}),
        patch.object(FakeKafkaCluster, "__init__", active),
        patch.object(emr_serverless.EMRServerlessBackend, "create_application", created),
        patch.object(FakeBucket, "get_permission", neutral),
    ):
        yield
