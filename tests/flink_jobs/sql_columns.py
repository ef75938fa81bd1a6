"""Reads column lists out of SQL files; every column stands on a line of its own."""

import re
from importlib.resources import files


def job_sql(file_name: str) -> str:
    """The text of one of the job's SQL files, without comments."""
    return _uncommented((files("flink_jobs.zone_fares") / file_name).read_text("utf-8"))


def postgres_ddl() -> str:
    """The text of all DDL files, without comments."""
    folder = files("schemas") / "postgres" / "table_set"
    return "\n".join(_uncommented(path.read_text("utf-8")) for path in sorted(folder.iterdir(), key=str))


def ddl_tables(ddl: str) -> list[str]:
    """The tables that are created, in order."""
    return re.findall(r"create (?:temporary )?table (?:if not exists )?(\w+) \(", ddl)


def columns_of_ddl(ddl: str, table: str) -> list[str]:
    """The physical columns of a table: no computed ones, no constraints."""
    body = re.search(rf"table (?:if not exists )?{table} \(\n(.*?)\n\)", ddl, re.DOTALL)
    assert body, f"no table {table}"
    lines = [line for line in body[1].splitlines() if re.match(r" {4}[`\"\w]", line)]
    names = [line.split()[0].strip('`",') for line in lines if " as " not in line]
    return [name for name in names if name not in {"primary", "check", "watermark", "event_time"}]


def columns_of_insert(sql: str, sink: str) -> list[str]:
    """The expressions that an insert selects."""
    selected = re.search(rf"insert into {sink}\s+select\s+(.*?)\s+from ", sql, re.DOTALL)
    assert selected, f"nothing is inserted into {sink}"
    return _split_outside_parentheses(selected[1])


def _split_outside_parentheses(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def _uncommented(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
