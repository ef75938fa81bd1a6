"""A local stand-in for S3 that can hold a part back, as a slow line does."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import parse_qs

import boto3
import httpx
from moto.server import ThreadedMotoServer
from werkzeug.serving import BaseWSGIServer

BUCKET = "taxi-raw"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class S3Server:
    """Its address, a client to look into it, and the parts that were sent."""

    url: str
    client: Any
    sent_parts: list[int] = field(default_factory=list)
    is_denying: bool = False
    held_part: int | None = None
    is_holding: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)

    def objects(self) -> dict[str, bytes]:
        """What a reader of the bucket sees."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {one["Key"]: self._content(one["Key"]) for one in listed}

    def unfinished(self) -> list[str]:
        """Keys of the uploads that are neither complete nor aborted."""
        uploads = self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return [upload["Key"] for upload in uploads]

    def hold_back(self, part: int) -> None:
        """Let the part hang, when it is sent next, until it is released, and lose it."""
        self.held_part = part

    def release(self) -> None:
        """Go on with what hangs."""
        self.released.set()

    def refusal_of(self, request: "S3Request") -> tuple[str, bytes] | None:
        """Status and body of an answer that moto does not give."""
        if self.is_denying:
            return "403 Forbidden", b""
        if request.part is None:
            return None
        if request.part == self.held_part:
            self._hold()
            return "503 Slow Down", b""
        if self._is_over(request.upload_id):
            # moto stumbles over such a part.
            return "404 Not Found", b"<Error><Code>NoSuchUpload</Code><Message>It is over</Message></Error>"
        self.sent_parts.append(request.part)
        return None

    def _hold(self) -> None:
        self.held_part = None
        self.is_holding.set()
        self.released.wait(timeout=60)

    def _is_over(self, upload_id: str) -> bool:
        uploads = self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return upload_id not in {upload["UploadId"] for upload in uploads}

    def _content(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body


@dataclass(frozen=True)
class S3Request:
    """Which part of which upload a request sends, if it sends one."""

    part: int | None
    upload_id: str

    @classmethod
    def of(cls, environ: dict[str, Any]) -> "S3Request":
        """Read the request's query."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        is_part = environ["REQUEST_METHOD"] == "PUT" and "partNumber" in query
        return cls(int(query["partNumber"][0]) if is_part else None, query.get("uploadId", [""])[0])


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """The stand-in with one empty bucket, on a free port of this machine."""
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    server = S3Server(url, client)
    assert moto._server is not None
    _put_in_front(moto._server, server)
    # All servers of a process share one memory.
    httpx.post(f"{url}/moto-api/reset").raise_for_status()
    client.create_bucket(Bucket=BUCKET)
    try:
        yield server
    finally:
        server.release()
        moto.stop()


def _put_in_front(wsgi: BaseWSGIServer, server: S3Server) -> None:
    inner = wsgi.app

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        refusal = server.refusal_of(S3Request.of(environ))
        if refusal:
            start_response(refusal[0], [("Content-Type", "application/xml")])
            return [refusal[1]]
        return inner(environ, start_response)

    wsgi.app = app
