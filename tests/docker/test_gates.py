"""checkov finds nothing in the Dockerfile, and finds what is wrong on purpose.

It has no checks for compose files.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from stack.settings import ROOT
from stack.toolchain import environments as bootstrap

pytestmark = pytest.mark.unit

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
WRONG = {
    "CKV_DOCKER_3": DOCKERFILE.replace("USER taxi", ""),
    "CKV_DOCKER_4": DOCKERFILE.replace("COPY taxi_cli", "ADD taxi_cli"),
    "CKV2_DOCKER_1": DOCKERFILE.replace("RUN useradd", "RUN sudo useradd"),
}
"""Each check, and a Dockerfile that fails it."""


def findings(folder: Path) -> Mapping[str, set[str]]:
    """The failed checks of each Dockerfile, by its folder's name; makes checkov's environment."""
    program = bootstrap.ensure_environment("infra") / "bin" / "checkov"
    options = ["--framework", "dockerfile", "--skip-download", "--quiet", "--compact", "--output", "json"]
    done = subprocess.run(
        [program, "-d", str(folder), *options], capture_output=True, text=True, check=False, timeout=540
    )
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 0
    assert report["summary"]["parsing_errors"] == 0
    found: dict[str, set[str]] = {}
    for check in report["results"]["failed_checks"]:
        found.setdefault(Path(check["file_path"]).parent.name, set()).add(check["check_id"])
    return found


def test_checkov_finds_nothing_in_the_dockerfile_and_finds_what_is_wrong_on_purpose(tmp_path: Path) -> None:
    for name, text in {"ours": DOCKERFILE, **WRONG}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    assert findings(tmp_path) == {name: {name} for name in WRONG}
