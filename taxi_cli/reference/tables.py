"""The page of the tables: columns from the DDL, descriptions from its comments and from dbt."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from schemas.table_set import filled
from stack.settings import ROOT
from taxi_cli.reference.markdown import code, prose, table

DDL, MODELS = ROOT / "schemas" / "postgres", ROOT / "dbt" / "models"

INTRODUCTION = """# Tables and views

Users read the schemas `taxi` and `marts`. `taxi` shows every table and view of the table set that is served
(`taxi_1`, `taxi_2`, …): see [versions](../runbooks/versions.md). Query the views: the tables hold what each
job and publication wrote, and a view adds it up. Every write is an upsert by the key.
"""

_OBJECT = re.compile(
    r"(?P<comment>(?:^--[^\n]*\n)*)^create (?:table if not exists|or replace view) (?P<name>[\w.]+)"
    r"(?P<body>.*?);\s*$",
    re.MULTILINE | re.DOTALL,
)
_KEY = re.compile(r"primary key \(([^)]*)\)")
_COMMENT_ON = re.compile(r"comment on (?:table|view|column) ([\w.]+) is\s+'((?:[^']|'')*)'", re.IGNORECASE)
_NO_COLUMN = ("primary", "check", "unique", "like", "foreign", "constraint")


@dataclass(frozen=True)
class Column:
    """A column of a table or view."""

    name: str
    type: str = ""
    description: str = ""


@dataclass(frozen=True)
class Relation:
    """A table or a view."""

    name: str
    columns: Sequence[Column]
    description: str = ""
    key: str = ""
    is_view: bool = False


def page() -> str:
    """Write the page: views, tables and marts."""
    relations = list(described(declared()))
    sections = {
        "Views of the schema `taxi`": [relation for relation in relations if relation.is_view],
        "Tables of the schema `taxi`": [relation for relation in relations if not relation.is_view],
        "Schema `marts`": list(marts()),
    }
    parts = [INTRODUCTION]
    for title, members in sections.items():
        parts += [f"## {title}\n", *(_section(member) for member in members)]
    return "\n".join(parts)


def declared() -> Sequence[Relation]:
    """Read every table and view of the DDL, in the order in which they are created."""
    files = [*sorted((DDL / "shared").glob("*.sql")), *sorted((DDL / "table_set").glob("*.sql"))]
    return [relation for file in files for relation in _relations(filled(file))]


def described(relations: Sequence[Relation]) -> Iterator[Relation]:
    """Add descriptions; give columns of views the type of the table's column.

    A `comment on` in the DDL takes precedence over a description of dbt.
    """
    sources = _sources()
    types = {one.name: one.type for relation in relations for one in relation.columns if one.type}
    for relation in relations:
        name = relation.name.removeprefix("taxi.")
        texts = {**sources.get(name, {}), **_comments(relation.name)}
        columns = [
            replace(one, type=one.type or types.get(one.name, ""), description=texts.get(one.name, ""))
            for one in relation.columns
        ]
        description = texts.get("", relation.description)
        yield replace(relation, name=f"taxi.{name}", columns=columns, description=description)


def marts() -> Iterator[Relation]:
    """Read the marts from their contracts."""
    for file in sorted((MODELS / "marts").glob("*.yml")):
        for model in yaml.safe_load(file.read_text("utf-8"))["models"]:
            columns = [
                Column(column["name"], column.get("data_type", ""), column.get("description", ""))
                for column in model["columns"]
            ]
            yield Relation(f"marts.{model['name']}", columns, model.get("description", ""))


def _relations(text: str) -> Iterator[Relation]:
    # A semicolon in a comment does not end a statement.
    for found in _OBJECT.finditer(re.sub(r"--[^\n]*", lambda comment: comment[0].replace(";", ","), text)):
        body = found["body"]
        is_view = body.lstrip().startswith("as")
        columns = _view_columns(body) if is_view else _table_columns(body)
        comment = " ".join(line.removeprefix("--").strip() for line in found["comment"].splitlines())
        key = _KEY.search(body)
        yield Relation(found["name"], columns, comment, key[1] if key else "", is_view)


def _table_columns(body: str) -> Sequence[Column]:
    parts = _split_at_commas(body[body.index("(") + 1 : body.rindex(")")])
    words = [part.split() for part in parts]
    return [Column(found[0], _type(" ".join(found[1:]))) for found in words if found[0] not in _NO_COLUMN]


def _type(definition: str) -> str:
    return re.split(r" (?:not null|null|default|check|primary|generated|references)\b", definition)[0]


def _view_columns(body: str) -> Sequence[Column]:
    """Name the columns of a view by its outermost select, of whose branches the first names them."""
    flat = _without_parentheses(body)
    selected = re.search(r"\bselect\b(?: distinct on)?(.*?)\bfrom\b", flat, re.DOTALL)
    if selected is None:
        return []
    return [Column(part.split()[-1].rpartition(".")[2]) for part in _split_at_commas(selected[1])]


def _without_parentheses(text: str) -> str:
    text, replaced = re.sub(r"--[^\n]*", "", text), 1
    while replaced:
        text, replaced = re.subn(r"\([^()]*\)", "", text)
    return text


def _split_at_commas(text: str) -> Sequence[str]:
    depth, parts = 0, [""]
    for character in re.sub(r"--[^\n]*", "", text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _sources() -> Mapping[str, Mapping[str, str]]:
    source: Any = yaml.safe_load((MODELS / "staging" / "_sources.yml").read_text("utf-8"))["sources"][0]
    return {
        entry["name"]: {
            "": entry["description"],
            **{column["name"]: column.get("description", "") for column in entry["columns"]},
        }
        for entry in source["tables"]
    }


def _comments(relation: str) -> Mapping[str, str]:
    """Read `comment on` of a relation ("") and of its columns."""
    found: dict[str, str] = {}
    for file in sorted(DDL.rglob("*.sql")):
        for name, text in _COMMENT_ON.findall(file.read_text("utf-8")):
            if name == relation:
                found[""] = text.replace("''", "'")
            elif name.startswith(f"{relation}."):
                found[name.removeprefix(f"{relation}.")] = text.replace("''", "'")
    return found


def _section(relation: Relation) -> str:
    rows = [(code(one.name), code(one.type), prose(one.description)) for one in relation.columns]
    key = f"Key: {code(relation.key)}\n\n" if relation.key else ""
    text = f"{prose(relation.description)}\n\n" if relation.description else ""
    return f"### {relation.name}\n\n{text}{key}{table(('column', 'type', 'meaning'), rows)}\n"
