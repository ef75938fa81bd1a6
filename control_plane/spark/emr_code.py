"""What both services of AWS have in common: clients, plain errors, the code and the logs in S3."""

from collections.abc import Sequence

from control_plane.settings import SparkSettings
from control_plane.spark.spark_backend import code_name
from schemas.errors import UserError

PYTHON = "./packages/bin/python"
"""In packages.tar.gz: the cluster's Python with what the job imports."""


def needed(value: str, variable: str, what: str) -> str:
    """The value of a setting; raises UserError where it is not set."""
    if not value:
        raise UserError(f"{variable} is not set", what)
    return value


def code_folder(settings: SparkSettings) -> str:
    """Where the job's code lies in S3."""
    return needed(settings.code, "EMR_CODE", "./taxi package --to s3://… prints what to set it to")


def archive_code(settings: SparkSettings) -> str:
    """The archive there, whose name changes with what is in it, and the settings of the job."""
    return code_name(code_folder(settings).rpartition("/")[2], settings)


def submit_parameters(settings: SparkSettings, driver_prefix: str) -> Sequence[str]:
    """Options of spark-submit that bring the code, its packages, its Python and its settings."""
    code = code_folder(settings)
    driver = {"PYSPARK_DRIVER_PYTHON": PYTHON, "PYSPARK_PYTHON": PYTHON, **settings.job_variables}
    pairs = [f"{driver_prefix}.{name}={value}" for name, value in driver.items()]
    pairs += [f"spark.executorEnv.PYSPARK_PYTHON={PYTHON}"]
    options = [part for pair in pairs for part in ("--conf", pair)]
    return ["--py-files", f"{code}/code.zip", "--archives", f"{code}/packages.tar.gz#packages", *options]
