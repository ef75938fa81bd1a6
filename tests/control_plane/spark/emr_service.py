"""A stand-in for EMR Serverless and for a cluster of EMR: what is submitted really runs, by spark-submit.

Requests and answers are held against the service models that AWS ships with botocore. The code comes from
S3, and logs go there, as the services lay them out. Only YARN and its containers are missing.
"""

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, urlparse

from botocore.session import get_session
from botocore.validate import ParamValidator

from control_plane.settings import SparkSettings
from control_plane.spark import local_submit
from control_plane.spark import local_submit as spark
from schemas.aws import parse_s3_uri
from tests.producer.s3_server import CREDENTIALS

SERVERLESS = get_session().get_service_model("emr-serverless")
CLUSTER = get_session().get_service_model("emr")
PATH_OF_RUNS = re.compile(r"/applications/(?P<applicationId>[0-9a-z]+)/jobruns")
PATH_OF_RUN = re.compile(PATH_OF_RUNS.pattern + r"/(?P<jobRunId>[0-9a-z]+)(?P<dashboard>/dashboard)?")
APPLICATION, CLUSTER_ID = "00fstandin", "j-STANDIN"
ROLE = "arn:aws:iam::123456789012:role/backfill"
RELEASE = "emr-spark-8.0.0"

Answer = dict[str, Any]


class EmrApiError(Exception):
    """An error of the service: its name and what it says."""


@dataclass
class EmrRun:
    """A job run or a step: what was asked, and what became of it."""

    run_id: str
    request: Answer
    name: str
    log_prefix: str
    state: str = "SUBMITTED"
    started_at: float = field(default_factory=time)
    ended_at: float | None = None
    process: "subprocess.Popen[bytes] | None" = None
    is_cancelled: bool = False

    @property
    def seconds(self) -> float:
        """How long it took, or takes."""
        return (self.ended_at or time()) - self.started_at


class Emr:
    """One application and one cluster, whose Spark is the local one."""

    def __init__(self, folder: Path, s3: Any, log_uri: str, python: str = sys.executable) -> None:
        self.runs: list[EmrRun] = []
        self.calls: list[str] = []
        self.loses_answers_of: set[str] = set()
        """Operations that are done, and whose answer never comes."""
        self._folder, self._s3, self._log_uri, self._python = folder, s3, log_uri, python
        self._lock, self._archives = threading.Lock(), threading.Lock()

    def answer(self, model: Any, operation: str, request: Answer) -> Answer:
        """What the service says; raises EmrApiError."""
        known = model.operation_model(operation)
        _hold_against(request, known.input_shape)
        with self._lock:
            self.calls.append(operation)
            answer: Answer = getattr(self, f"on_{operation}")(request)
        _hold_against(answer, known.output_shape)
        return answer

    def on_StartJobRun(self, request: Answer) -> Answer:  # noqa: N802 - named as AWS does
        known = [run for run in self.runs if run.request.get("clientToken") == request["clientToken"]]
        if not known:
            job = request["jobDriver"]["sparkSubmit"]
            command = [
                *shlex.split(job["sparkSubmitParameters"]),
                job["entryPoint"],
                *job["entryPointArguments"],
            ]
            run_id = f"00r{len(self.runs):03d}"
            logs = request["configurationOverrides"]["monitoringConfiguration"]["s3MonitoringConfiguration"]
            prefix = f"{logs['logUri'].rstrip('/')}/applications/{APPLICATION}/jobs/{run_id}/SPARK_DRIVER"
            self._start(
                EmrRun(run_id, request, request["name"], prefix), command, "spark.emr-serverless.driverEnv."
            )
            known = self.runs[-1:]
        run_id = known[0].run_id
        return {"applicationId": APPLICATION, "jobRunId": run_id, "arn": self._arn(run_id)}

    def on_GetJobRun(self, request: Answer) -> Answer:  # noqa: N802
        run = self._run(request["jobRunId"])
        used = {
            "vCPUHour": 2 * run.seconds / 3600,
            "memoryGBHour": 8 * run.seconds / 3600,
            "storageGBHour": 0.0,
        }
        return {
            "jobRun": {
                **self._summary(run),
                "jobRunId": run.run_id,
                "jobDriver": run.request["jobDriver"],
                "totalExecutionDurationSeconds": int(run.seconds),
                "totalResourceUtilization": used,
            }
        }

    def on_ListJobRuns(self, _: Answer) -> Answer:  # noqa: N802
        return {"jobRuns": [{**self._summary(run), "id": run.run_id} for run in self._of("00r")]}

    def on_CancelJobRun(self, request: Answer) -> Answer:  # noqa: N802
        self._end(self._run(request["jobRunId"]))
        return {"applicationId": APPLICATION, "jobRunId": request["jobRunId"]}

    def on_GetDashboardForJobRun(self, request: Answer) -> Answer:  # noqa: N802
        return {"url": f"https://p-{self._run(request['jobRunId']).run_id}.emrappui.test/shs"}

    def on_AddJobFlowSteps(self, request: Answer) -> Answer:  # noqa: N802
        (step,) = request["Steps"]
        jar = step["HadoopJarStep"]
        if jar["Jar"] != "command-runner.jar" or jar["Args"][0] != "spark-submit":
            raise EmrApiError("ValidationException", "no such step")
        step_id = f"s-{len(self.runs):03d}"
        number = f"1_{len(self.runs):04d}"
        containers = f"{self._log_uri}/{CLUSTER_ID}/containers/application_{number}"
        prefix = f"{containers}/container_{number}_01_000001"
        self._start(EmrRun(step_id, step, step["Name"], prefix), jar["Args"][1:], "spark.yarn.appMasterEnv.")
        return {"StepIds": [step_id]}

    def on_DescribeStep(self, request: Answer) -> Answer:  # noqa: N802
        run = self._run(request["StepId"])
        application = run.log_prefix.split("/")[-2]
        more = {"AdditionalInfo": {"ResourceManagerApplicationIds": [application]}, "LogUri": self._log_uri}
        return {"Step": {**self._step(run), **more}}

    def on_ListSteps(self, _: Answer) -> Answer:  # noqa: N802
        return {"Steps": [self._step(run) for run in self._of("s-")[::-1]]}

    def on_CancelSteps(self, request: Answer) -> Answer:  # noqa: N802
        for step_id in request["StepIds"]:
            self._end(self._run(step_id))
        ids = request["StepIds"]
        return {"CancelStepsInfoList": [{"StepId": one, "Status": "SUBMITTED", "Reason": ""} for one in ids]}

    def end_all(self) -> None:
        """Leave no process behind."""
        for run in self.runs:
            self._end(run)

    def _start(self, run: EmrRun, command: list[str], environment_prefix: str) -> None:
        self.runs.append(run)
        threading.Thread(target=self._work, args=(run, command, environment_prefix), daemon=True).start()

    def _work(self, run: EmrRun, command: list[str], environment_prefix: str) -> None:
        folder = self._folder / run.run_id
        folder.mkdir(parents=True)
        code = -1
        try:
            submit, variables = self._prepared(folder, command, environment_prefix)
            with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
                run.process = subprocess.Popen(
                    spark.submit_command([*self._s3_options(submit), *submit]),
                    cwd=folder,
                    env=self._environment(variables),
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
                run.state = "RUNNING"
                if run.is_cancelled:
                    self._end(run)
                code = run.process.wait()
        finally:
            for name in ("stdout", "stderr"):
                text = (folder / name).read_bytes() if (folder / name).exists() else b""
                self._put(f"{run.log_prefix}/{name}.gz", gzip.compress(text))
            run.ended_at = time()
            run.state = "CANCELLED" if run.is_cancelled else "SUCCESS" if code == 0 else "FAILED"

    def _prepared(self, folder: Path, command: list[str], prefix: str) -> tuple[list[str], dict[str, str]]:
        """The command line with what it names in S3 brought here, and the variables for the driver."""
        brought, variables, words = [], {}, iter(command)
        for word in words:
            if word == "--archives":
                address, _, name = next(words).partition("#")
                (folder / name).symlink_to(self._unpacked(address))
            elif word == "--conf" and (pair := next(words)).startswith(prefix):
                name, _, value = pair.removeprefix(prefix).partition("=")
                variables[name] = value
            elif word == "--deploy-mode":
                next(words)
            elif word == "--conf":
                brought += [word, pair]
            elif word.endswith("/main.py"):
                # Behind the program come the words that are for itself.
                return [*brought, str(self._get(word, folder)), *words], variables
            else:
                brought.append(str(self._get(word, folder)) if word.startswith("s3://") else word)
        raise EmrApiError("ValidationException", "no program")

    def _s3_options(self, command: Sequence[str]) -> Sequence[str]:
        """What a cluster of AWS brings along: a Spark that reads S3."""
        there = {"S3_ENDPOINT_URL": self._s3.meta.endpoint_url, "AWS_REGION": "us-east-1"}
        return local_submit.s3_options(command, SparkSettings.from_environment(there))

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        # The cluster knows nothing of this tree, and its Python has no packages.
        local = spark.environment(self._folder / "home")
        kept = {name: value for name, value in local.items() if name not in {"PYTHONPATH", "PYSPARK_PYTHON"}}
        (kept["SPARK_HOME"],) = map(str, spark.programs().parent.glob("lib/python*/site-packages/pyspark"))
        bare = str(Path(os.path.realpath(self._python)).parent)
        path = f"{bare}:{os.environ['PATH']}"
        # The credentials are those of the run's role.
        return {"PATH": path, "HOME": str(self._folder), **CREDENTIALS, **kept, **variables}

    def _get(self, address: str, folder: Path) -> Path:
        bucket, key = parse_s3_uri(address)
        target = folder / key.rpartition("/")[2]
        self._s3.download_file(bucket, key, str(target))
        return target

    def _unpacked(self, address: str) -> Path:
        """An archive's content; a machine of a cluster keeps it too."""
        folder = self._folder / "archives" / address.rpartition("/")[2]
        content = folder.with_suffix(".content")
        with self._archives:
            if not content.exists():
                content.mkdir(parents=True)
                with tarfile.open(self._get(address, folder.parent)) as archive:
                    archive.extractall(content, filter="data")
        return content

    def _put(self, address: str, content: bytes) -> None:
        bucket, key = parse_s3_uri(address)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)

    def _end(self, run: EmrRun) -> None:
        if run.ended_at is None:
            run.is_cancelled = True
            if run.process is not None and run.process.poll() is None:
                os.killpg(run.process.pid, signal.SIGKILL)

    def _of(self, prefix: str) -> list[EmrRun]:
        return [run for run in self.runs if run.run_id.startswith(prefix)]

    def _run(self, run_id: str) -> EmrRun:
        for run in self.runs:
            if run.run_id == run_id:
                return run
        kind = "InvalidRequestException" if run_id.startswith("s-") else "ResourceNotFoundException"
        raise EmrApiError(kind, f"there is no run {run_id}")

    def _arn(self, run_id: str) -> str:
        return f"arn:aws:emr-serverless:us-east-1:123456789012:/applications/{APPLICATION}/jobruns/{run_id}"

    def _summary(self, run: EmrRun) -> Answer:
        return {
            "applicationId": APPLICATION,
            "name": run.name,
            "arn": self._arn(run.run_id),
            "createdBy": ROLE,
            "createdAt": run.started_at,
            "updatedAt": run.ended_at or run.started_at,
            "executionRole": ROLE,
            "state": run.state,
            "stateDetails": "Job failed, please check logs" if run.state == "FAILED" else "-",
            "releaseLabel": RELEASE,
        }

    def _step(self, run: EmrRun) -> Answer:
        state = {"SUBMITTED": "PENDING", "SUCCESS": "COMPLETED"}.get(run.state, run.state)
        timeline = {"CreationDateTime": run.started_at, "StartDateTime": run.started_at}
        ended = {"EndDateTime": run.ended_at} if run.ended_at else {}
        return {
            "Id": run.run_id,
            "Name": run.name,
            "Status": {"State": state, "Timeline": {**timeline, **ended}},
        }


def _hold_against(content: Answer, shape: Any) -> None:
    report = ParamValidator().validate(content, shape)
    if report.has_errors():
        raise EmrApiError("ValidationException", report.generate_report())


def _parse_request(method: str, url: str, target: str, body: Answer) -> tuple[Any, str, Answer]:
    """The model, the operation and the request, of a cluster by its header, of an application by its path."""
    if target:
        return CLUSTER, target.rpartition(".")[2], body
    parsed = urlparse(url)
    one, several = PATH_OF_RUN.fullmatch(parsed.path), PATH_OF_RUNS.fullmatch(parsed.path)
    if one:
        names = {
            "DELETE": "CancelJobRun",
            "GET": "GetDashboardForJobRun" if one["dashboard"] else "GetJobRun",
        }
        ids = {name: one[name] for name in ("applicationId", "jobRunId")}
        return SERVERLESS, names[method], ids
    if several is None:
        raise EmrApiError("ResourceNotFoundException", parsed.path)
    query = {name: values[0] for name, values in parse_qs(parsed.query).items()}
    request = {**several.groupdict(), **(body if method == "POST" else query)}
    return SERVERLESS, "StartJobRun" if method == "POST" else "ListJobRuns", request


@contextmanager
def serving(emr: Emr) -> Iterator[str]:
    """The stand-in on a free port of this machine; gives its address, and ends what runs."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            target, operation = self.headers.get("X-Amz-Target", ""), ""
            try:
                model, operation, request = _parse_request(self.command, self.path, target, body)
                code, content = 200, emr.answer(model, operation, request)
            except EmrApiError as refusal:
                code, content = 400, {"__type": refusal.args[0], "message": refusal.args[1]}
            if operation in emr.loses_answers_of:
                emr.loses_answers_of.discard(operation)
                self.close_connection = True
                return
            text = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            if code != 200:
                self.send_header("X-Amzn-ErrorType", content["__type"])
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = respond  # noqa: N815 - named by http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        emr.end_all()
