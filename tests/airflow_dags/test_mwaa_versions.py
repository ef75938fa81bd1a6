"""Each Airflow that Terraform lets one choose imports the DAGs for MWAA, with the packages of its day."""

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from control_plane.delivery.mwaa import DAGS, write_airflow_bundle
from stack.settings import ROOT, StackSettings
from stack.toolchain.environments import uv_command
from tests.producer.s3_server import CREDENTIALS

PROBE = Path(__file__).with_name("import_probe.py")
VARIABLES = ROOT / "terraform" / "modules" / "airflow" / "variables.tf"
PYTHON = "3.12"
"""That of Airflow 3 on MWAA."""

RELEASED = {"3.0.6": "2025-09-02", "3.2.1": "2026-05-01"}
"""Airflow's constraints are the newest packages of about the day of its release; PyPI knows those."""

PACKAGES = ("apache-airflow-providers-amazon", "apache-airflow-providers-standard", "httpx")


def versions_of_terraform() -> tuple[str, set[str]]:
    """The default of the variable, and what its rule allows."""
    text = VARIABLES.read_text("utf-8")
    default = re.search(r'variable "airflow_version" \{.*?default += "([\d.]+)"', text, re.DOTALL)
    allowed = re.search(r"contains\(\[([^\]]+)\], var\.airflow_version\)", text)
    assert default is not None
    assert allowed is not None
    return default[1], set(re.findall(r"[\d.]+", allowed[1]))


@pytest.mark.unit
def test_the_default_is_the_newest_version_in_the_reference_of_the_api() -> None:
    model = Loader().load_service_model("mwaa", "service-2")
    text = model["shapes"]["CreateEnvironmentInput"]["members"]["AirflowVersion"]["documentation"]
    documented = re.findall(r"<code>(\d+\.\d+\.\d+)</code>", text)
    newest = max(documented, key=lambda version: tuple(map(int, version.split("."))))
    default, allowed = versions_of_terraform()
    assert default == newest
    assert allowed == set(RELEASED)


def installed(version: str, folder: Path) -> Path:
    """An environment with this Airflow; skips the test where it cannot be had."""
    program = folder / "bin" / "python"
    packages = [f"apache-airflow=={version}", *PACKAGES]
    newest = ["--exclude-newer", RELEASED[version]]
    for arguments in (
        ["venv", "--quiet", "--allow-existing", "--python", PYTHON, str(folder)],
        ["pip", "install", "--quiet", *newest, "--python", str(program), *packages],
    ):
        command, environment = uv_command(arguments)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"Airflow {version} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return program


@pytest.mark.unit
@pytest.mark.long("installs Airflow twice, 700 MB each; test_bundle imports the DAGs on the local version")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", sorted(RELEASED))
def test_the_dags_are_imported_on_every_version_that_can_be_chosen(version: str, tmp_path: Path) -> None:
    python = installed(version, StackSettings.from_environment().cache / f"airflow-{version}")
    bundle = write_airflow_bundle(tmp_path / "bundles", PYTHON)
    home = tmp_path / "home"
    shutil.copytree(bundle / "dags", home / "dags")
    with zipfile.ZipFile(bundle / "plugins.zip") as plugins:
        plugins.extractall(home / "plugins")
    assert imported(python, bundle, home) == {"version": version, "files": sorted(DAGS), "errors": {}}


def imported(python: Path, bundle: Path, home: Path) -> dict[str, Any]:
    """What an Airflow makes of the bundle, laid out as MWAA lays it out."""
    done = subprocess.run(
        ["bash", "-c", f'. "{bundle}/startup.sh" && exec "{python}" - <"{PROBE}"'],
        env={
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "PYTHONPATH": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__TAXI__RAW_DATA": "s3://raw/raw-data",
            **CREDENTIALS,
            "AWS_REGION": "us-east-1",
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Airflow 3.0 logs to the standard output while it is imported.
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
