"""The Spark job's archive: its entry point, our code, and what it imports besides Spark."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from stack.bootstrap import uv_command
from stack.errors import UserError
from stack.jars.download import sha256_of
from stack.packaging.archives import code_files, write_tar_gz, write_zip
from stack.packaging.bill import bill_of, python_components
from stack.settings import ROOT

CODE_FOLDERS = ("batch_backfill", "schemas")
LOCK = ROOT / "requirements" / "cluster.txt"
PYTHON = "3.11"
"""Both lines of EMR have it: emr-spark-8.0.0 (3.11 to 3.13) and emr-7.13.0 (3.9 and 3.11)."""
PLATFORM = "x86_64-manylinux_2_34"
"""Amazon Linux 2023, on which both lines stand."""
FILES = ("main.py", "code.zip", "packages.tar.gz")
BILL = "sbom.cdx.json"
NEEDLESS = {"__pycache__", "tests", "include", "bin"}
NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}

INTERPRETER = """#!/bin/sh
# The cluster's own Python, which finds the packages beside this file.
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
PYTHONPATH="$here/lib${{PYTHONPATH:+:$PYTHONPATH}}" exec python{python} "$@"
"""


def write_spark_package(target: Path, python: str = PYTHON) -> Path:
    """Leave `backfill-<digest>` below a folder, whole or not at all; its place."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backfill-", dir=target) as name:
        draft = Path(name) / "draft"
        draft.mkdir()
        _write_files(draft, Path(name) / "site", python)
        contents = sha256("".join(sha256_of(draft / file) for file in FILES).encode()).hexdigest()
        package = target / f"backfill-{contents[:12]}"
        shutil.rmtree(package, ignore_errors=True)
        return draft.rename(package)


def _write_files(draft: Path, site: Path, python: str) -> None:
    code = code_files(ROOT, CODE_FOLDERS)
    (draft / "main.py").write_bytes(code["batch_backfill/__main__.py"])
    write_zip(draft / "code.zip", code)
    _install(site, python)
    program = INTERPRETER.format(python=python).encode()
    write_tar_gz(draft / "packages.tar.gz", dict(_installed(site)), {"bin/python": program})
    libraries = python_components(LOCK, python)
    files = [draft / file for file in FILES]
    (draft / BILL).write_text(bill_of("nyc-taxi-backfill", files, libraries))


def _install(site: Path, python: str) -> None:
    """The locked wheels of the cluster's platform, whatever this machine is."""
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"]
    place = ["--target", str(site), "--python-platform", PLATFORM, "--python-version", python]
    command, environment = uv_command(["pip", "install", *options, *place, "-r", str(LOCK)])
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise UserError(f"what {LOCK.name} locks cannot be brought for Python {python}", "see above")


def _installed(site: Path) -> Iterator[tuple[str, Path]]:
    for path in site.rglob("*"):
        place = path.relative_to(site)
        if path.is_file() and not NEEDLESS & set(place.parts) and path.name not in NOTES:
            yield f"lib/{place}", path
