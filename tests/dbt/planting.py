"""Plants faults into copies of built marts, and tells which tests fail. Runs in dbt's own environment.

Reads {"marts": FILE, "faults": {NAME: SQL}} from standard input; its last line is {NAME: [TEST]}.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner  # type: ignore[import-untyped,import-not-found,unused-ignore]

BAD_ENDS = {"fail", "warn", "error"}
NOT_OF_MARTS = ("test_type:unit", "taxi_zones,test_type:generic", "former_zone_labels,test_type:generic")


def main() -> None:
    """Parse the project once, then test copy after copy."""
    arguments = json.load(sys.stdin)
    manifest = dbtRunner().invoke(["parse", "--target", "duckdb"]).result
    failed = {}
    for number, (name, fault) in enumerate(arguments["faults"].items()):
        # The file keeps its name, which is the database's; only its folder is another.
        copy = Path(arguments["marts"]).parent / f"fault-{number}" / "taxi.duckdb"
        copy.parent.mkdir()
        shutil.copy(arguments["marts"], copy)
        with duckdb.connect(str(copy)) as connection:
            connection.execute(fault)
        os.environ["MARTS_DUCKDB"] = str(copy)
        tested = dbtRunner(manifest=manifest).invoke(
            ["--quiet", "--log-level-file", "none", "test", "--target", "duckdb", "--exclude", *NOT_OF_MARTS]
        )
        failed[name] = [result.node.name for result in tested.result if result.status in BAD_ENDS]
    print("\n" + json.dumps(failed))  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    main()
