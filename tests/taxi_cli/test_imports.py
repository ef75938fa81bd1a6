"""A verb imports what it needs and no more: on a laptop for its start, on AWS because there is no more."""

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from control_plane.delivery.mwaa import CODE_FOLDERS, LOCK
from control_plane.delivery.sbom import python_components
from stack.settings import ROOT

pytestmark = pytest.mark.unit

HEAVY = {
    "aws_msk_iam_sasl_signer",
    "boto3",
    "confluent_kafka",
    "duckdb",
    "geopandas",
    "httpx",
    "jgo",
    "pandas",
    "producer",
    "psycopg",
    "pyarrow",
    "pydantic_settings",
    "supervisor",
}
"""Each takes a twentieth of a second, or much more."""

WITHOUT_IMPORT = """
import json, sys
sys.argv[1:] = json.loads(sys.argv[1])
from taxi_cli.main import app, run
try:
    run(app, "./taxi")
finally:
    json.dump(sorted({name.partition(".")[0] for name in sys.modules}), sys.stderr)
"""

ONLY_THESE = """
import json, sys
from pkgutil import resolve_name
refused, names = map(json.loads, sys.argv[1:])

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"{name} is not there")

sys.meta_path.insert(0, Refuse())
for name in names:
    resolve_name(name)
"""


def imported(*arguments: str, home: Path, **variables: str) -> set[str]:
    """The packages that a command line has imported when it ends."""
    result = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_IMPORT, json.dumps(arguments)],
        env={"PYTHONPATH": str(ROOT), "TAXI_HOME": str(home), "HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return set(json.loads(result.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("job", "--help"),
        ("bench", "--help"),
        ("statsu",),
        ("env",),
        ("status",),
        ("down",),
        ("logs", "kafka"),
        ("version",),
    ],
    ids=" ".join,
)
def test_a_verb_that_needs_no_client_imports_none(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert imported(*arguments, home=tmp_path) & HEAVY == set()


def test_completing_a_verb_imports_nothing_heavy(tmp_path: Path) -> None:
    shell = {"_TAXI_COMPLETE": "complete_bash", "COMP_WORDS": "./taxi\nst", "COMP_CWORD": "1"}
    assert imported(home=tmp_path, **shell) & HEAVY == set()


def test_a_query_needs_postgres_client_only(tmp_path: Path) -> None:
    assert imported("sql", "select 1", home=tmp_path) & HEAVY == {"psycopg"}


def test_the_verbs_that_airflow_runs_on_aws_import_only_what_it_is_sent() -> None:
    sent = {normal(str(one.name)) for one in python_components(LOCK, "3.12")}
    refused = {
        package
        for package, distributions in packages_distributions().items()
        if not any(normal(name) in sent for name in distributions)
    }
    import_only(
        refused | our_packages() - set(CODE_FOLDERS),
        [
            "taxi_cli.main:main",
            "taxi_cli.commands.job.life:ensure",
            "taxi_cli.commands.job.releases:releases",
            "taxi_cli.commands.spark_run:app",
            "control_plane.jobs.managed.job:ManagedJob",
            "control_plane.spark.emr_serverless:ServerlessSpark",
            "control_plane.spark.emr_cluster:ClusterSpark",
        ],
    )


def test_what_lies_in_the_callers_folder_is_not_taken_for_the_platform(tmp_path: Path) -> None:
    for name in ("schemas", "stack", "taxi_cli", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the caller')")
    done = subprocess.run(
        [str(ROOT / "taxi"), "inspect", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def our_packages() -> set[str]:
    """Every package of the tree."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")}


def normal(name: str) -> str:
    """A distribution's name as locks write it."""
    return name.lower().replace("_", "-")


def import_only(refused: Iterable[str], names: list[str]) -> None:
    """Import these in a process in which other packages are not there."""
    command = [sys.executable, "-P", "-c", ONLY_THESE, json.dumps(sorted(refused)), json.dumps(names)]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
