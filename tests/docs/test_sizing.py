"""The sizing page shows the model as it is, and the model's figures have units and sources."""

import pytest

from control_plane.months.sizing import figures, sources
from taxi_cli.reference.sizing import MARKED, PAGE, TABLES, with_tables

pytestmark = pytest.mark.unit


def test_the_tables_of_the_page_are_those_of_the_model() -> None:
    page = PAGE.read_text("utf-8")
    assert [name for _, name in MARKED.findall(page)] == list(TABLES)
    assert page == with_tables(page), "run ./taxi tool python -m taxi_cli.reference.sizing"


def test_a_page_with_other_numbers_is_found() -> None:
    page = PAGE.read_text("utf-8")
    assert with_tables(page.replace("| files | 12 |", "| files | 13 |")) == page
    assert "| files | 12 |" in page


def test_every_figure_has_a_unit_and_a_source_that_says_how_to_measure_it_again() -> None:
    assert {one.source for one in figures().values()} | {"windows"} == set(sources())
    assert all(one.value > 0 and one.unit for one in figures().values())
    assert all(one.date and one.text and one.again for one in sources().values())
