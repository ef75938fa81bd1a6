"""The meaning of what the schema `taxi` has: `descriptions.toml`, and the trip contract for trip columns."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas.trip import current

FILE = files("schemas") / "descriptions.toml"


@dataclass(frozen=True)
class Descriptions:
    """The texts by name; an object without one has an empty text."""

    schemas: Mapping[str, str]
    relations: Mapping[str, str]
    internal: frozenset[str]
    """Relations that views add up, and that users do not need to query."""
    functions: Mapping[str, str]
    own_columns: Mapping[tuple[str, str], str]
    """Columns that mean something else in one relation."""
    columns: Mapping[str, str]

    def column(self, relation: str, name: str) -> str:
        """Return the meaning of a relation's column."""
        return self.own_columns.get((relation, name)) or self.columns.get(name, "")


@cache
def descriptions() -> Descriptions:
    """Read every description."""
    found = tomllib.loads(FILE.read_text("utf-8"))
    relations = found["relations"]
    contract = {field["name"]: str(field["doc"]) for field in current().record["fields"]}
    return Descriptions(
        schemas=found["schemas"],
        relations={name: entry["meaning"] for name, entry in relations.items()},
        internal=frozenset(name for name, entry in relations.items() if entry.get("internal")),
        functions=found["functions"],
        own_columns={
            (name, column): text
            for name, entry in relations.items()
            for column, text in entry.get("columns", {}).items()
        },
        columns={**contract, **found["columns"]},
    )
