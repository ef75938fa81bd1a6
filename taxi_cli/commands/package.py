"""`./taxi package`: all packages for AWS, into a folder or a bucket."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from control_plane.delivery.emr import PYTHON, write_spark_package
from control_plane.delivery.flink import write_flink_package
from control_plane.delivery.image import DOCKERFILE, write_image_context
from control_plane.delivery.mwaa import write_airflow_bundle
from control_plane.settings import SparkSettings
from producer.fetching.object_store import S3Prefix
from stack.console import console, output
from stack.files import sha256_of
from stack.settings import ROOT

WRITERS: Mapping[str, Callable[[Path, str], Path]] = {
    "flink": lambda target, _: write_flink_package(target),
    "spark": write_spark_package,
    "airflow": lambda target, _: write_airflow_bundle(target),
    "images": lambda target, _: write_image_context(target),
}


def package(
    to: Annotated[str, typer.Option(help="A folder, or s3://bucket of the artifacts.")] = str(
        ROOT / ".taxi" / "packages"
    ),
    python: Annotated[str, typer.Option(help="Python version of the EMR release.")] = PYTHON,
    only: Annotated[
        list[str] | None, typer.Option(help="flink, spark, airflow or images; repeatable.")
    ] = None,
) -> None:
    """Write the packages for AWS, each named by its content, with hashes and SBOMs."""
    unknown = set(only or ()) - set(WRITERS)
    if unknown:
        raise typer.BadParameter(
            f"unknown package {', '.join(sorted(unknown))}; choose from {', '.join(WRITERS)}"
        )
    if "://" not in to:
        _print_next_steps(_written(Path(to).expanduser().absolute(), python, only), to)
        return
    with tempfile.TemporaryDirectory(prefix="taxi-package-") as folder:
        packages = _written(Path(folder), python, only)
        _upload(Path(folder), to)
        _print_next_steps(packages, to)


def _written(folder: Path, python: str, only: list[str] | None) -> dict[str, Path]:
    """Return the packages by kind; print the hash of each file, as `sha256sum -c` reads it."""
    packages = {
        kind: write(folder / kind, python) for kind, write in WRITERS.items() if kind in (only or WRITERS)
    }
    for place in packages.values():
        files = place.rglob("*") if place.is_dir() else place.parent.glob(f"{place.name.partition('.')[0]}.*")
        for path in sorted(path for path in files if path.is_file()):
            output().print(
                f"{sha256_of(path)}  {path.relative_to(folder)}",
                highlight=False,
                soft_wrap=True,
                markup=False,
            )
    return packages


def _upload(folder: Path, address: str) -> None:
    settings = SparkSettings.from_environment()
    store = S3Prefix.of(address, endpoint_url=settings.s3_endpoint_url, region=settings.region)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        store.put(path, path.relative_to(folder).as_posix())


def _print_next_steps(packages: Mapping[str, Path], to: str) -> None:
    # Only the names: those are the values of the settings for packages in a bucket.
    below = to.rstrip("/")
    messages = {
        "flink": lambda place: f"MANAGED_FLINK_CODE_KEY: flink/{place.name}",
        "spark": lambda place: f"EMR_CODE: {below}/spark/{place.name}",
        "images": lambda place: f"docker build -f {DOCKERFILE} - < {below}/images/{place.name}",
        "airflow": lambda place: f"Terraform's airflow_bundle_key: airflow/{place.name}",
    }
    for kind, place in packages.items():
        console().print(messages[kind](place), highlight=False)
