"""The bundle for AWS' Airflow: the DAGs that work there, and `./taxi` with its packages for their tasks."""

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from control_plane.delivery.archives import code_files, write_zip
from control_plane.delivery.sbom import make_sbom, python_components
from control_plane.delivery.wheels import install, installed, is_used_service
from stack.files import sha256_of
from stack.settings import ROOT

DAGS = ("flink_job_watchdog", "tlc_month_history")
"""The other DAGs control a stack on their own machine; docs/runbooks/airflow.md lists what they would
need."""
CODE_FOLDERS = ("taxi_cli", "control_plane", "stack", "producer", "schemas", "flink_jobs")
LOCK = ROOT / "requirements" / "mwaa.txt"
PYTHON = "3.12"
"""The Python version of Airflow 3 on AWS."""
SBOM_NAME = "sbom.cdx.json"
IGNORED = ".airflowignore"
USED_AWS_SERVICES = {"emr", "emr-serverless", "kinesisanalyticsv2", "s3", "secretsmanager", "sts"}
REQUIREMENTS = """\
# What the DAGs import in addition to Airflow. MWAA has all of it; the VPC reaches no package index.
--no-index
apache-airflow-providers-amazon
apache-airflow-providers-standard
httpx
"""


def write_airflow_bundle(target: Path, python: str = PYTHON) -> Path:
    """Write `bundle-<digest>` below a folder atomically; return its path."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=target) as name:
        draft = Path(name) / "draft"
        _write_dags(draft / "dags")
        (draft / "requirements.txt").write_text(REQUIREMENTS)
        shutil.copyfile(Path(__file__).with_name("mwaa_startup.sh"), draft / "startup.sh")
        _write_plugins(draft / "plugins.zip", Path(name) / "site", python)
        files = {str(path.relative_to(draft)): path for path in sorted(draft.rglob("*")) if path.is_file()}
        contents = sha256("".join(f"{place}{sha256_of(path)}" for place, path in files.items()).encode())
        (draft / SBOM_NAME).write_text(make_sbom("nyc-taxi-airflow", files, python_components(LOCK, python)))
        bundle = target / f"bundle-{contents.hexdigest()[:12]}"
        shutil.rmtree(bundle, ignore_errors=True)
        return draft.rename(bundle)


def _write_dags(folder: Path) -> None:
    package = code_files(ROOT, ["airflow_dags"])
    code = {place: content for place, content in package.items() if "/dags/" not in place}
    dags = {f"{dag}.py": package[f"airflow_dags/dags/{dag}.py"] for dag in DAGS}
    # The ignore file keeps Airflow from searching our package for DAGs.
    for place, content in {**code, **dags, IGNORED: b"airflow_dags\n"}.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)


def _write_plugins(target: Path, site: Path, python: str) -> None:
    install(LOCK, site, python)
    used = (found for found in installed(site) if is_used_service(found[0], USED_AWS_SERVICES))
    packages = {place: path.read_bytes() for place, path in used}
    files = {**packages, **code_files(ROOT, CODE_FOLDERS)}
    # Airflow would import each file as a separate plugin.
    write_zip(target, {IGNORED: b"taxi\n", **{f"taxi/{place}": text for place, text in files.items()}})
