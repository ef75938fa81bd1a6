"""Load the `.sql` files of this package."""

import re
from datetime import timedelta
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

import duckdb

from schemas.identity import IDENTITY_COLUMNS, identity_text_sql
from schemas.rules import broken_rules_sql, is_valid_sql
from schemas.standardisation import NORMALISE, cast_columns_sql
from schemas.vintages import CODES, SOURCE_COLUMNS
from schemas.windows import ZONE_FARES


@cache
def query(name: str, **values: str) -> str:
    """Return the text of `sql/<name>.sql` with its `${…}` filled in."""
    known = _contracts() | values
    return re.sub(r"\$\{(\w+)\}", lambda placeholder: known[placeholder[1]], _text(name))


@cache
def preparation_version() -> str:
    """Return a value that changes whenever anything that decides the content of a prepared month changes."""
    texts = [*(_text(step) for step in PREPARATION), NORMALISE, cast_columns_sql()]
    return blake2b(repr((texts, _contracts(), SOURCE_COLUMNS, CODES)).encode(), digest_size=16).hexdigest()


PREPARATION = (
    "macros",
    "locate",
    "torn_rows",
    "kept",
    "repeats",
    "identify",
    "clock",
    "rejects",
)


def derived(rows: duckdb.DuckDBPyRelation, name: str, sql: str) -> duckdb.DuckDBPyRelation:
    """Return the lazy result of a query that reads `rows` under this name."""
    result = rows.query(name, sql)
    if result is None:
        raise TypeError(f"the query on {name} returns no rows: it is not a SELECT")
    return result


def duckdb_path(path: Path) -> str:
    """Escape a path for DuckDB: each pattern character becomes a class of that one character."""
    return re.sub(r"[*?[]", r"[\g<0>]", str(path))


def quoted_text(text: str) -> str:
    """Escape the inside of an SQL text literal."""
    return text.replace("'", "''")


def quoted_name(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _text(name: str) -> str:
    return (files("producer.reading") / "sql" / f"{name}.sql").read_text("utf-8")


@cache
def _contracts() -> dict[str, str]:
    disorder_ms = ZONE_FARES.max_disorder // timedelta(milliseconds=1)
    return {
        "identity_text": identity_text_sql(),
        # As flink_jobs/zone_fares/classify.sql decides it, where replay_at is the record's timestamp.
        "comes_late": (
            "(date_trunc('minute', dropoff_at) + interval 59999 millisecond"
            f" <= replay_at - interval {disorder_ms} millisecond)"
        ),
        "identity_hash": f"hash({', '.join(IDENTITY_COLUMNS)})",
        "is_valid": is_valid_sql(),
        "broken_rules": broken_rules_sql(),
    }
