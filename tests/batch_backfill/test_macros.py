"""Calls of macros become the text that they stand for."""

import pytest

from batch_backfill.trips.macros import Macro, Macros

pytestmark = pytest.mark.unit

MACROS = Macros(
    {
        "half": Macro(("value",), "value / 2"),
        "either": Macro(("first", "second"), "coalesce(first, half(second))"),
    }
)


@pytest.mark.parametrize(
    ("sql", "expanded"),
    [
        ("select a from t", "select a from t"),
        ("half(a)", "(a / 2)"),
        ("half(half(a)) + half(b)", "((a / 2) / 2) + (b / 2)"),
        ("either(f(a, b), `c, d`)", "(coalesce(f(a, b), (`c, d` / 2)))"),
        ("half(map('(', 1)['('])", "(map('(', 1)['('] / 2)"),
        ("behalf(a)", "behalf(a)"),
    ],
)
def test_calls_are_replaced(sql: str, expanded: str) -> None:
    assert MACROS.expanded(sql) == expanded


def test_an_unclosed_call_is_refused() -> None:
    with pytest.raises(ValueError, match="unclosed parenthesis"):
        MACROS.expanded("half(a")


def test_the_definitions_know_all_macros_that_the_producer_has_for_the_same_text() -> None:
    expanded = Macros.read().expanded("cents(total_amount)")
    assert "round((" in expanded  # of the amount, itself a macro
    assert "cents(" not in expanded
    assert "finite(" not in expanded
