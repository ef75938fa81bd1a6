"""Load the `.sql` files of the jobs."""

from importlib.resources import files
from string import Template

from schemas import trip
from schemas.identity import IDENTITY_COLUMNS, identity_text_sql
from schemas.processed import TRIPS
from schemas.rules import broken_rules_sql


def sql_text(job: str, name: str) -> str:
    """Return the text of a file, without its comments."""
    text = (files("batch_backfill") / job / name).read_text("utf-8")
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("--"))


def query(job: str, name: str, **values: object) -> str:
    """Return the query of a file, its `${…}` filled in with the contracts and these values."""
    return Template(sql_text(job, name)).substitute(_contracts() | {key: str(values[key]) for key in values})


def quoted_name(name: str) -> str:
    """Quote a column name for Spark."""
    return "`" + name.replace("`", "``") + "`"


def quoted_text(text: str) -> str:
    """Quote a text literal; in Spark a backslash escapes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _contracts() -> dict[str, str]:
    trip_columns = trip.current().columns
    return {
        "identity_columns": ", ".join(IDENTITY_COLUMNS),
        "identity_text": identity_text_sql(),
        "broken_rules": broken_rules_sql(),
        "stored_trip_columns": ", ".join(name for name in TRIPS.column_names if name in trip_columns),
    }
