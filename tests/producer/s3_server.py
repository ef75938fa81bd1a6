"""A local stand-in for S3 that can hold a part back, as a slow line does."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import parse_qs

import boto3  # type: ignore[import-untyped]
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
        """Let the part hang until it is released, and lose it."""
        self.held_part = part

    def release(self) -> None:
        """From now on the line is good."""
        self.held_part = None
        self.released.set()

    def loses(self, environ: dict[str, Any]) -> bool:
        """Note the part; says whether it never arrives."""
        number = parse_qs(environ.get("QUERY_STRING", "")).get("partNumber")
        if environ["REQUEST_METHOD"] != "PUT" or not number:
            return False
        if int(number[0]) != self.held_part:
            self.sent_parts.append(int(number[0]))
            return False
        self.is_holding.set()
        self.released.wait(timeout=60)
        return True

    def _content(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body


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
        refusal = "403 Forbidden" if server.is_denying else "503 Slow Down" if server.loses(environ) else ""
        if refusal:
            start_response(refusal, [])
            return []
        return inner(environ, start_response)

    wsgi.app = app
