"""Reads column lists out of SQL files as they run; every column stands on a line of its own."""

import re
from importlib.resources import files
from string import Template

from schemas.flink_columns import column_parameters
from schemas.table_set import filled
from stack.settings import ROOT


def job_sql(file_name: str) -> str:
    """The text of one of the job's SQL files, without comments."""
    text = (files("flink_jobs.zone_fares") / file_name).read_text("utf-8")
    return _uncommented(Template(text).safe_substitute(column_parameters()))


def postgres_ddl() -> str:
    """The text of all DDL files, without comments."""
    folder = ROOT / "schemas" / "postgres" / "table_set"
    return "\n".join(_uncommented(filled(path)) for path in sorted(folder.iterdir()))


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


def columns_of_view(ddl: str, view: str) -> list[str]:
    """The columns of a view that is one select."""
    selected = re.search(rf"create or replace view {view} as\s+select\s+(.*?)\s+from ", ddl, re.DOTALL)
    assert selected, f"no view {view}"
    return [column.split()[-1] for column in _split_outside_parentheses(selected[1])]


def types_of_ddl(ddl: str, table: str) -> dict[str, str]:
    """The types of the physical columns of a table, without where they come from."""
    names = columns_of_ddl(ddl, table)
    body = re.search(rf"table (?:if not exists )?{table} \(\n(.*?)\n\)", ddl, re.DOTALL)
    assert body
    column = re.compile(r"^ {4}[`\"]?(\w+)[`\"]? ([\w ]+?(?:\([\d, ]+\))?)(?: metadata.*)?,?$", re.MULTILINE)
    types = dict(column.findall(body[1]))
    return {name: types[name] for name in names}


def columns_of_insert(sql: str, sink: str) -> list[str]:
    """The expressions that an insert selects."""
    selected = re.search(rf"insert into {sink}\s+select\s+(.*?)\s+from ", sql, re.DOTALL)
    assert selected, f"nothing is inserted into {sink}"
    return _split_outside_parentheses(selected[1])


def _split_outside_parentheses(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _uncommented(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
