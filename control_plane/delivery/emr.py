"""The Spark job's archive: its entry point, our code, and what it imports in addition to Spark."""

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from control_plane.delivery.archives import code_files, write_tar_gz, write_zip
from control_plane.delivery.sbom import make_sbom, python_components
from control_plane.delivery.wheels import install, installed
from stack.files import sha256_of
from stack.settings import ROOT

CODE_FOLDERS = ("batch_backfill", "schemas")
LOCK = ROOT / "requirements" / "cluster.txt"
PYTHON = "3.11"
"""Both lines of EMR have it: emr-spark-8.0.0 (3.11 to 3.13) and emr-7.13.0 (3.9 and 3.11)."""
FILES = ("main.py", "code.zip", "packages.tar.gz")
SBOM_NAME = "sbom.cdx.json"

INTERPRETER = """#!/bin/sh
# The cluster's own Python, with the packages of this archive.
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
PYTHONPATH="$here/lib${{PYTHONPATH:+:$PYTHONPATH}}" exec python{python} "$@"
"""


def write_spark_package(target: Path, python: str = PYTHON) -> Path:
    """Write `backfill-<digest>` below a folder atomically; return its path."""
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
    install(LOCK, site, python)
    program = INTERPRETER.format(python=python).encode()
    packages = {f"lib/{place}": path for place, path in installed(site)}
    write_tar_gz(draft / "packages.tar.gz", packages, {"bin/python": program})
    libraries = python_components(LOCK, python)
    files = {file: draft / file for file in FILES}
    (draft / SBOM_NAME).write_text(make_sbom("nyc-taxi-backfill", files, libraries))
