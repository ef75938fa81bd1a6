"""The files of a table set with the trip columns filled in, by the contract of the tree that they lie in."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from schemas.table_set import column_lists, filled
from schemas.trip import all_versions, current
from stack.settings import ROOT
from tests.schemas.later_contract import COLUMN, later_table_set

pytestmark = pytest.mark.unit

FILES = sorted((ROOT / "schemas" / "postgres" / "table_set").glob("*.sql"))


def file_with(text: str, tree: Path) -> Path:
    """A file of a tree with a later contract."""
    file = later_table_set(tree) / "99_own.sql"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_placeholder_is_left(path: Path) -> None:
    assert "${" not in filled(path)


def test_the_columns_are_those_of_the_contract_beside_the_file(tmp_path: Path) -> None:
    file = file_with("select ${trip_columns} from all_trips", tmp_path)
    assert filled(file) == f"select {', '.join([*current().columns, COLUMN])} from all_trips"


def test_a_prefix_names_the_table_of_each_column(tmp_path: Path) -> None:
    text = filled(file_with("(${old.trip_values}) = (${new.trip_values})", tmp_path))
    assert text.startswith("(old.vendor_id, old.passenger_count, old.trip_distance, ")
    assert text.endswith(f", new.{current().columns[-1]}, new.{COLUMN})")


def test_a_list_on_lines_of_its_own_has_a_line_for_each_column(tmp_path: Path) -> None:
    lines = filled(file_with("(\n    ${trip_column_definitions},\n)", tmp_path)).splitlines()
    assert lines[:2] == ["(", "    trip_id uuid not null,"]
    assert lines[-2:] == [f"    {COLUMN} text,", ")"]
    assert len(lines) == 1 + len(current().columns) + 2


def test_an_unknown_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown column list trip_colums"):
        filled(file_with("select ${trip_colums}", tmp_path))


def test_what_shell_and_postgres_write_with_dollars_stays(tmp_path: Path) -> None:
    text = "do $$ begin perform format($sql$ select '^a$' $sql$); end $$; select $1"
    assert filled(file_with(text, tmp_path)) == text


def test_the_view_shows_the_columns_of_later_versions_last(tmp_path: Path) -> None:
    shown = list(column_lists(all_versions())["shown_trip_columns"])
    assert sorted(shown) == sorted([*current().columns, "on_time"])
    assert shown[:27] == [*all_versions()[1].columns, "on_time"]
    later = filled(file_with("${shown_trip_columns}", tmp_path))
    assert later == ", ".join([*shown, COLUMN])
