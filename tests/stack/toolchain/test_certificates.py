"""A private certificate authority, named in one tool's variable, holds for all downloads."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from schemas.errors import UserError
from stack.security.authority import Authority
from stack.settings import ROOT, StackSettings
from stack.toolchain import certificates, environments
from stack.toolchain.certificates import NAMES, CertificateError
from stack.toolchain.jars.store import Store, download_missing
from tests.stack.toolchain.artifacts import CONTENT, artifact

pytestmark = pytest.mark.unit

ASKING = {
    "httpx": "import httpx, sys; print(httpx.get(sys.argv[1]).status_code)",
    "requests": "import requests, sys; print(requests.get(sys.argv[1]).status_code)",
    "botocore": (
        "import os, sys; from botocore.awsrequest import AWSRequest;"
        "from botocore.httpsession import URLLib3Session;"
        "session = URLLib3Session(verify=os.environ['AWS_CA_BUNDLE']);"
        "print(session.send(AWSRequest('GET', sys.argv[1]).prepare()).status_code)"
    ),
}


class Handler(BaseHTTPRequestHandler):
    """Answers every GET with a Java archive."""

    def do_GET(self) -> None:
        """What an HTTP server calls."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """One that no machine knows."""
    made = Authority(tmp_path / "authority")
    made.ensure()
    return made


@pytest.fixture
def server(authority: Authority) -> Iterator[str]:
    """The address of a server whose certificate it has issued."""
    file = authority.folder / "server.pem"
    file.write_bytes(authority.issue("server"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    Thread(target=running.serve_forever, daemon=True).start()
    yield f"https://localhost:{running.server_port}"
    running.shutdown()
    running.server_close()


def clean() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name not in {*NAMES, "AWS_CA_BUNDLE"}}


@pytest.mark.parametrize("program", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("name", NAMES)
def test_whichever_variable_names_it_every_client_trusts_it(
    server: str, authority: Authority, tmp_path: Path, name: str, program: str
) -> None:
    named = {**clean(), name: str(authority.certificate)}
    trusting = {**named, **certificates.variables(named, tmp_path / "cache")}
    command = [sys.executable, "-c", program, server]
    done = subprocess.run(command, env=trusting, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "200"), done.stderr


def test_where_none_is_named_the_machine_s_own_certificates_hold(tmp_path: Path) -> None:
    store = tmp_path / "store.pem"
    store.write_text("certificates")
    found = certificates.variables({"PATH": "/bin"}, tmp_path, stores=["/not/here", str(store)])
    assert set(found.values()) == {str(store)}
    assert found.keys() >= {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "AWS_CA_BUNDLE"}


def test_where_ssl_cert_file_is_set_only_what_is_named_is_trusted_else_the_machine_s_own_besides(
    tmp_path: Path,
) -> None:
    own, other, store = (tmp_path / name for name in ("own.pem", "other.pem", "store.pem"))
    for path in (own, other, store):
        path.write_text(path.name)
    alone = certificates.variables({"SSL_CERT_FILE": str(own)}, tmp_path, stores=[str(store)])
    assert set(alone.values()) == {str(own)}
    both = certificates.variables({"SSL_CERT_FILE": str(own), "PIP_CERT": str(other)}, tmp_path, [str(store)])
    assert {Path(path).read_text() for path in both.values()} == {"own.pem\nother.pem"}
    beside = certificates.variables({"PIP_CERT": str(other)}, tmp_path, stores=[str(store)])
    assert {Path(path).read_text() for path in beside.values()} == {"other.pem\nstore.pem"}


def test_a_variable_that_names_nothing_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="REQUESTS_CA_BUNDLE=/not/here does not exist"):
        certificates.variables({"REQUESTS_CA_BUNDLE": "/not/here"}, tmp_path)


def test_a_repository_that_is_not_trusted_is_not_asked_again_and_the_variable_is_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    settings = StackSettings.from_environment({"TAXI_CACHE_DIR": str(tmp_path / "cache")})
    store = Store(replace(settings, maven_mirror_url=server))
    with pytest.raises(UserError, match=r"CERTIFICATE_VERIFY_FAILED.*SSL_CERT_FILE"):
        download_missing(store, [artifact()])


def test_two_first_starts_that_share_a_cache_bring_uv_once(tmp_path: Path) -> None:
    """The pip of this test takes a second, and fails where another has removed what it makes."""
    runs = tmp_path / "runs"
    program = f"""
import os, pathlib, sys, time
from stack.toolchain import environments
def run(command, *_):
    folder = pathlib.Path({str(tmp_path)!r}, "cache", "uv")
    if "venv" in command:
        folder.joinpath("bin").mkdir(parents=True)
        with open({str(runs)!r}, "a") as stream: stream.write("made\\n")
        time.sleep(1)
        return
    folder.joinpath("bin", "uv").write_text("#!/bin/sh\\necho uv 99.0\\n")
    folder.joinpath("bin", "uv").chmod(0o755)
environments._run = run
print(environments._uv())
"""
    variables = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TAXI_CACHE_DIR": str(tmp_path / "cache")}
    starts = [
        subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = {start.communicate()[0].strip() for start in starts}
    assert answers == {str(tmp_path / "cache" / "uv" / "bin" / "uv")}
    assert runs.read_text() == "made\n"


def test_a_clone_of_another_user_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("where a folder would be made")
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "file" / "envs")
    with pytest.raises(environments.BootstrapError, match=r"cannot be used .* must belong to the user"):
        environments.ensure_environment("stream")
