"""Locked Python packages for another machine than this one."""

import subprocess
from collections.abc import Iterator, Set
from pathlib import Path

from schemas.errors import UserError
from stack.toolchain.environments import uv_command

PLATFORM = "x86_64-manylinux_2_34"
"""Amazon Linux 2023, the base of EMR and Airflow."""
EXCLUDED = {"__pycache__", "tests", "include", "bin"}
NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
"""The metadata files that differ between installers."""
SERVICES = "botocore/data/"
"""The folder in which boto3 describes four hundred services in a hundred megabytes."""


def install(lock: Path, site: Path, python: str) -> None:
    """Install the locked wheels for the cloud's platform, regardless of this machine; hashes are checked."""
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"]
    place = ["--target", str(site), "--python-platform", PLATFORM, "--python-version", python]
    command, environment = uv_command(["pip", "install", *options, *place, "-r", str(lock)])
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise UserError(
            f"the packages of {lock.name} cannot be downloaded for Python {python}", "see the output above"
        )


def installed(site: Path) -> Iterator[tuple[str, Path]]:
    """Yield the installed files by path, without installer metadata, which differs from run to run."""
    for path in site.rglob("*"):
        place = path.relative_to(site)
        if path.is_file() and not EXCLUDED & set(place.parts) and path.name not in NOTES:
            yield str(place), path


def is_used_service(place: str, used: Set[str]) -> bool:
    """Check whether a file is needed; descriptions of unused AWS services are not."""
    service, _, rest = place.removeprefix(SERVICES).partition("/")
    return not place.startswith(SERVICES) or not rest or service in used
