"""The page of the tables: columns from the DDL, meanings as in the comments of the database."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import yaml

from schemas.descriptions import descriptions
from schemas.table_set import filled
from stack.settings import ROOT
from taxi_cli.reference.markdown import code, prose, table

DDL, MODELS = ROOT / "schemas" / "postgres", ROOT / "dbt" / "models"

INTRODUCTION = """# Tables and views

Users read the schemas `taxi` and `marts`. `taxi` shows the table set that is served (`taxi_1`, `taxi_2`, …):
see [versions](../runbooks/versions.md). The parts that its views add up, as each job and publication wrote
them, are in `taxi_internal`. Every write is an upsert by the key.

The same texts are comments in the database: `./taxi psql -c "\\d+ taxi.trips"`, and every SQL client shows
them. They are in `schemas/descriptions.toml`, and those of `marts` in `dbt/models/marts/*.yml`.
"""

INTERNAL = "taxi_internal."

_OBJECT = re.compile(
    r"^create (?:table if not exists|or replace view) (?P<name>[\w.]+)(?P<body>.*?);\s*$",
    re.MULTILINE | re.DOTALL,
)
_KEY = re.compile(r"primary key \(([^)]*)\)")
_ADDED_COLUMN = re.compile(
    r"^alter table (?P<table>[\w.]+)\s+add column if not exists (?P<column>[^;]+);", re.MULTILINE
)
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
    """Write the page: what people query, the marts, and the parts that views add up."""
    relations = list(described(declared()))
    internal = [relation for relation in relations if relation.name.startswith(INTERNAL)]
    sections = {
        "Schema `taxi`": [relation for relation in relations if relation not in internal],
        "Schema `marts`": list(marts()),
        "Schema `taxi_internal`": internal,
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
    """Add descriptions, views before tables; give columns of views the type of the table's column."""
    texts = descriptions()
    types = {one.name: one.type for relation in relations for one in relation.columns if one.type}
    for relation in sorted(relations, key=lambda one: not one.is_view):
        name = relation.name.removeprefix("taxi.")
        columns = [
            replace(one, type=one.type or types.get(one.name, ""), description=texts.column(name, one.name))
            for one in relation.columns
        ]
        meaning = texts.relations.get(name, "")
        schema = "taxi_internal" if name in texts.internal else "taxi"
        yield replace(relation, name=f"{schema}.{name}", columns=columns, description=meaning)


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
    text = re.sub(r"--[^\n]*", lambda comment: comment[0].replace(";", ","), text)
    for found in _OBJECT.finditer(text):
        name, body = found["name"], found["body"]
        is_view = body.lstrip().startswith("as")
        if is_view:
            columns = _view_columns(body)
        else:
            added = [column["column"] for column in _ADDED_COLUMN.finditer(text) if column["table"] == name]
            columns = _columns([*_split_at_commas(body[body.index("(") + 1 : body.rindex(")")]), *added])
        key = _KEY.search(body)
        yield Relation(name, columns, key=key[1] if key else "", is_view=is_view)


def _columns(definitions: Sequence[str]) -> Sequence[Column]:
    words = [definition.split() for definition in definitions]
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


def _section(relation: Relation) -> str:
    rows = [(code(one.name), code(one.type), prose(one.description)) for one in relation.columns]
    key = f"Key: {code(relation.key)}\n\n" if relation.key else ""
    text = f"{prose(relation.description)}\n\n" if relation.description else ""
    return f"### {relation.name}\n\n{text}{key}{table(('column', 'type', 'meaning'), rows)}\n"
