"""Downloads that go on where they stopped, side by side.

jgo has a downloader of its own, but it takes one file after the other, starts from nothing after a break,
and checks against the hash that the server says, not against our lock.
"""

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from schemas.errors import UserError
from stack.files import sha256_of
from stack.toolchain.jars.lock import Artifact
from stack.toolchain.jars.maven_repository import MavenRepository

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.5
CHUNK_BYTES = 1 << 18
REMEDY = "check the network, or name a mirror in MAVEN_MIRROR_URL or ~/.m2/settings.xml, and run it again"

Advance = Callable[[int], None]
Expect = Callable[[int], None]


class TransferError(Exception):
    """This attempt failed; the next may not."""


def client_of(source: MavenRepository) -> httpx.Client:
    """One connection pool for all files; proxies and certificates come from the usual variables."""
    return httpx.Client(auth=source.login, follow_redirects=True, timeout=httpx.Timeout(30, connect=10))


def fetch(
    client: httpx.Client,
    source: MavenRepository,
    artifact: Artifact,
    target: Path,
    *,
    expect: Expect,
    advance: Advance,
) -> None:
    """Bring one file to `target`, checked; raises UserError when it cannot be had."""
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    for attempt in range(ATTEMPTS):
        try:
            _transfer(client, source.address(artifact.path), part, expect=expect, advance=advance)
            _check(part, artifact)
        except httpx.HTTPStatusError as error:
            raise _unavailable(artifact, source, f"HTTP {error.response.status_code}") from error
        except (TransferError, httpx.HTTPError) as error:
            reason = str(error) or type(error).__name__
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        else:
            part.replace(target)
            return
    raise _unavailable(artifact, source, reason)


def _transfer(client: httpx.Client, address: str, part: Path, *, expect: Expect, advance: Advance) -> None:
    present = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={present}-"} if present else {}
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it was here already; the hash decides
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise TransferError(f"HTTP {response.status_code}")
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        expect(int(response.headers.get("Content-Length", 0)))
        with part.open("ab" if resumed else "wb") as stream:
            # Raw bytes: a `.tar.gz` sent with `Content-Encoding: gzip` must not be unpacked on the way.
            for chunk in response.iter_raw(CHUNK_BYTES):
                stream.write(chunk)
                advance(len(chunk))


def _check(part: Path, artifact: Artifact) -> None:
    if sha256_of(part) != artifact.sha256:
        part.unlink()
        raise TransferError("what came has not the SHA-256 of the lock")


def _unavailable(artifact: Artifact, source: MavenRepository, reason: str) -> UserError:
    host = httpx.URL(source.base_url).host
    return UserError(f"cannot download {artifact.coordinate} from {host}: {reason}", REMEDY)
