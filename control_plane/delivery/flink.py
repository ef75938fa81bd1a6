"""The Flink job's zip under a content-based name, with its SBOM."""

import tempfile
from pathlib import Path

from control_plane.delivery.flink_zip import imported_packages, write_package
from control_plane.delivery.sbom import java_components, make_sbom, python_component
from schemas.atomic_file import write_atomically
from schemas.jobs import DEFAULT_JOB
from stack.files import sha256_of


def write_flink_package(target: Path, job: str = DEFAULT_JOB) -> Path:
    """Write `<job>-<digest>.zip` below a folder; return its path. It holds all jobs, FLINK_JOB selects."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".flink-", dir=target) as name:
        draft = Path(name) / f"{job}.zip"
        write_package(draft)
        libraries = [*java_components("flink"), *(python_component(*one) for one in imported_packages())]
        sbom = make_sbom(f"nyc-taxi-{job.replace('_', '-')}", {draft.name: draft}, libraries)
        package = target / f"{job}-{sha256_of(draft)[:12]}.zip"
        write_atomically(package.with_suffix(".cdx.json"), sbom)
        return draft.rename(package)
