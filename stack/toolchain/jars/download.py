"""Parallel downloads that resume where they stopped.

jgo has its own downloader, but it takes one file after the other, starts again after an interruption, and
checks against the hash that the server sends, not against our lock.
"""

from collections.abc import Callable
from pathlib import Path

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from schemas.errors import UserError
from stack.files import sha256_of
from stack.toolchain.jars.lock import Artifact
from stack.toolchain.jars.maven_repository import MavenRepository

ATTEMPTS = 5
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
CHUNK_BYTES = 1 << 18
REMEDY = "check the network, or set a mirror in MAVEN_MIRROR_URL or ~/.m2/settings.xml, then try again"
UNTRUSTED = "set SSL_CERT_FILE or REQUESTS_CA_BUNDLE to the file of your certificate authority"

Advance = Callable[[int], None]
Expect = Callable[[int], None]


class TransferError(Exception):
    """One attempt failed; the next may succeed."""


def client_of(source: MavenRepository) -> httpx.Client:
    """Return one connection pool for all files; proxies and certificates come from the usual variables."""
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
    """Download one file to `target` and check it; raises UserError when it is unavailable."""
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    retrying = Retrying(
        retry=retry_if_exception(_may_pass),
        wait=wait_exponential_jitter(
            multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS, jitter=FIRST_PAUSE_SECONDS
        ),
        stop=_FailuresInARow(part),
        reraise=True,
    )
    try:
        for attempt in retrying:
            with attempt:
                _transfer(client, source.address(artifact.path), part, expect=expect, advance=advance)
                _check(part, artifact)
    except httpx.HTTPStatusError as error:
        raise _unavailable(artifact, source, f"HTTP {error.response.status_code}") from error
    except (TransferError, httpx.HTTPError) as error:
        remedy = UNTRUSTED if _is_untrusted(error) else REMEDY
        raise _unavailable(artifact, source, str(error) or type(error).__name__, remedy) from error
    part.replace(target)


class _FailuresInARow:
    """Stop condition: too many failed attempts in a row without new bytes."""

    def __init__(self, part: Path) -> None:
        self._part, self._bytes, self._failures = part, _size(part), 0

    def __call__(self, _: RetryCallState) -> bool:
        before, self._bytes = self._bytes, _size(self._part)
        self._failures = 1 if self._bytes > before else self._failures + 1
        return self._failures >= ATTEMPTS


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _may_pass(error: BaseException) -> bool:
    is_answer = isinstance(error, httpx.HTTPStatusError)
    return isinstance(error, TransferError | httpx.HTTPError) and not is_answer and not _is_untrusted(error)


def _is_untrusted(error: BaseException) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _transfer(client: httpx.Client, address: str, part: Path, *, expect: Expect, advance: Advance) -> None:
    present = _size(part)
    headers = {"Range": f"bytes={present}-"} if present else {}
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # the file was already complete; the hash decides
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise TransferError(f"HTTP {response.status_code}")
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        expect(int(response.headers.get("Content-Length", 0)))
        with part.open("ab" if resumed else "wb") as stream:
            # Raw bytes: a `.tar.gz` sent with `Content-Encoding: gzip` must not be unpacked in transit.
            for chunk in response.iter_raw(CHUNK_BYTES):
                stream.write(chunk)
                advance(len(chunk))


def _check(part: Path, artifact: Artifact) -> None:
    if sha256_of(part) != artifact.sha256:
        part.unlink()
        raise TransferError("the SHA-256 does not match the lock")


def _unavailable(artifact: Artifact, source: MavenRepository, reason: str, remedy: str = REMEDY) -> UserError:
    host = httpx.URL(source.base_url).host
    return UserError(f"cannot download {artifact.coordinate} from {host}: {reason}", remedy)
