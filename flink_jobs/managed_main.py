"""Start a job on a managed Flink, which passes settings as a file of property groups."""

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

PROPERTIES_VARIABLE = "APPLICATION_PROPERTIES"
PROPERTIES_FILE = "/etc/flink/application_properties.json"
JOB_SETTINGS = "taxi.job"
JOB_VARIABLE = "FLINK_JOB"


def job_variables(properties: str) -> Mapping[str, str]:
    """Return the settings of the job from the property groups."""
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in json.loads(properties)}
    return {str(name): str(value) for name, value in groups[JOB_SETTINGS].items()}


def main() -> int:
    """Run the configured job on the cluster that runs this program."""
    path = Path(os.environ.get(PROPERTIES_VARIABLE, PROPERTIES_FILE))
    os.environ.update(job_variables(path.read_text("utf-8")))
    job = import_module(f"flink_jobs.{os.environ[JOB_VARIABLE]}.job")
    return int(job.JOB.submit())


if __name__ == "__main__":
    sys.exit(main())
