"""A tree whose contract has one column more than ours, as the next release may have it."""

import json
import shutil
from pathlib import Path

from schemas.trip import current
from stack.settings import ROOT

COLUMN = "dispatcher"


def later_table_set(tree: Path) -> Path:
    """The folder `table_set` of such a tree; the column is an optional text."""
    for folder in ("avro", "postgres"):
        shutil.copytree(ROOT / "schemas" / folder, tree / "schemas" / folder)
    record = current().record
    record["fields"].append(
        {"name": COLUMN, "type": ["null", "string"], "default": None, "doc": "Who sent it."}
    )
    newest = tree / "schemas" / "avro" / "trip" / f"v{current().version + 1}.avsc"
    newest.write_text(json.dumps(record), "utf-8")
    return tree / "schemas" / "postgres" / "table_set"
