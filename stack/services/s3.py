"""S3 on this machine: S3Proxy over plain files, for stacks with `--with s3`."""

from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path

from stack.ports import LOOPBACK
from stack.services.service import Service, Site
from stack.settings import ROOT
from stack.supervision.program import Program
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java, jvm_options

NAME = "s3"
BUCKET = "taxi"
LOCAL_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "taxi-local",
    "AWS_SECRET_ACCESS_KEY": "taxi-local-only",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""Public values: the server listens on loopback only. boto3 reads the last of them."""

LOGGING = ROOT / "stack" / "conf" / "s3-logback.xml"
TIMEOUT_SECONDS = 5


def services(site: Site) -> Sequence[Service]:
    """Return the one server of this site."""
    return [Service(name=NAME, prepare=lambda: _prepare(site), check=lambda: _answer(site.extra_ports[NAME]))]


def variables(endpoint: str) -> dict[str, str]:
    """Return the variables with which a program uses this server instead of Amazon's."""
    return {
        "S3_ENDPOINT_URL": endpoint,
        **LOCAL_CREDENTIALS,
        "RAW_DATA": f"s3://{BUCKET}/raw-data",
        "PROCESSED_DATA": f"s3://{BUCKET}/processed-data",
    }


def _prepare(site: Site) -> Program:
    folder = site.home / NAME
    (folder / "data" / BUCKET).mkdir(parents=True, exist_ok=True)
    properties = folder / "s3proxy.properties"
    properties.write_text(_properties(site.extra_ports[NAME], folder / "data"))
    options = ["-Xms64m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError", f"-Dlogback.configurationFile={LOGGING}"]
    program = ["-cp", class_path(ensure(NAME)), "org.gaul.s3proxy.Main", "--properties", str(properties)]
    return Program([java(), *options, *jvm_options(site.home), *program], directory=folder)


def _properties(port: int, data: Path) -> str:
    settings = {
        "s3proxy.endpoint": f"http://{LOOPBACK}:{port}",
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": LOCAL_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "s3proxy.credential": LOCAL_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        "jclouds.provider": "filesystem-nio2",
        "jclouds.filesystem.basedir": data,
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _answer(port: int) -> str:
    """Send a request; any response is healthy, because access is denied without credentials."""
    connection = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    finally:
        connection.close()
    return f"serves s3://{BUCKET}"
