"""The Flink job's zip under a name that tells its content, with its bill."""

import tempfile
from pathlib import Path

from control_plane.delivery.flink_zip import imported_packages, write_package
from control_plane.delivery.sbom import java_components, make_sbom, python_component
from schemas.atomic_file import write_atomically
from stack.files import sha256_of


def write_flink_package(target: Path) -> Path:
    """Leave `zone_fares-<digest>.zip` below a folder; its place."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".flink-", dir=target) as name:
        draft = Path(name) / "zone_fares.zip"
        write_package(draft)
        libraries = [*java_components("flink"), *(python_component(*one) for one in imported_packages())]
        sbom = make_sbom("nyc-taxi-zone-fares", {draft.name: draft}, libraries)
        package = target / f"zone_fares-{sha256_of(draft)[:12]}.zip"
        write_atomically(package.with_suffix(".cdx.json"), sbom)
        return draft.rename(package)
