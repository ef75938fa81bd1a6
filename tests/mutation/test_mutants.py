"""What is changed, one thing at a time, and what is left alone."""

from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of, sql_changes

pytestmark = pytest.mark.unit


def changed(sql: str) -> set[str]:
    """The whole text after each change."""
    return {sql[:start] + after + sql[start + len(before) :] for start, before, after in sql_changes(sql)}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a <= b", {"a < b"}),
        ("a < b and c is null", {"a <= b and c is null", "a < b or c is null", "a < b and c is not null"}),
        ("select distinct on (a, b) * from t", {"select  * from t"}),
        ("select count(*) from t -- not 7", set()),
        ("at + interval '15 minutes'", {"at - interval '15 minutes'", "at + interval '16 minutes'"}),
        ("interval '1' minute", {"interval '2' minute"}),
        ("state = '2 and more'", {"state <> '2 and more'"}),
        ("avg numeric(12, 4) not null,", set()),
        ("create table if not exists t1", set()),
        ("a::numeric(12, 4) / 100", {"a::numeric(12, 4) * 100", "a::numeric(12, 4) / 101"}),
        ("x left join y", {"x inner join y"}),
        ("interval '${minutes}' minute", set()),
    ],
)
def test_each_change_of_sql_is_one_operator_or_constant(sql: str, expected: set[str]) -> None:
    assert changed(sql) == expected


def python(folder: Path, text: str) -> set[str]:
    file = folder / "module.py"
    file.write_text(text, "utf-8")
    return {mutant.applied(text) for mutant in mutants_of(folder, file)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b < 1_000", {"a = b <= 1_000", "a = b < 1001"}),
        ("a = not b", {"a =  b"}),
        ("print(*a)", set()),
        ("def f(a, *, b): pass", set()),
        ("a = 'one and two'", set()),
        ("A = 'a <= b'", {"A = 'a < b'"}),
        ('"""Whether a <= b."""', set()),
    ],
)
def test_python_is_changed_where_it_computes_and_in_its_sql(
    tmp_path: Path, text: str, expected: set[str]
) -> None:
    assert python(tmp_path, text) == expected
