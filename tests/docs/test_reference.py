"""The generated reference describes every verb, setting, table, rule and metric that there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.descriptions import descriptions
from schemas.rules import RULES
from stack.settings import EXTRA_PORTS, ROOT, StackSettings, port_variable
from taxi_cli.commands.job import JobVerbs
from taxi_cli.commands.registry import VERBS
from taxi_cli.reference import commands, metrics, rules, settings, tables
from taxi_cli.reference.__main__ import PAGES, write_pages
from taxi_cli.verbs import Verb

pytestmark = pytest.mark.unit

READ_FROM_ENVIRONMENT = re.compile(r"\benviron(?:ment)?(?:\.get\(|\[)\"([A-Z][A-Z0-9_]+)\"")


@pytest.fixture(scope="module")
def command_page() -> str:
    """Write the page of the commands."""
    return commands.page()


@pytest.mark.parametrize("verb", [verb for verb in VERBS if not verb.is_hidden], ids=lambda verb: verb.name)
def test_every_verb_is_in_the_reference_with_its_help(verb: Verb, command_page: str) -> None:
    assert f"\n### ./taxi {verb.name}\n\n{verb.help}\n" in command_page


def test_commands_of_a_group_are_in_the_reference(command_page: str) -> None:
    named = set(re.findall(r"^### \./taxi (\w[\w-]*) ([\w-]+)$", command_page, re.MULTILINE))
    assert {("job", verb.name) for verb in JobVerbs.verbs if not verb.is_hidden} <= named
    assert {("dead-letters", "redrive"), ("spark-run", "submit"), ("bench", "stream")} <= named


def test_options_are_listed_with_default_and_help(command_page: str) -> None:
    assert "| `--limit`" in command_page or "`-n`, `--limit`" in command_page
    assert "| `FILES` | `required` |" in command_page
    assert "--help" not in re.findall(r"^\| (.+?) \|", command_page, re.MULTILINE)


def variables_in_the_code() -> Iterator[str]:
    """Find the variables that a settings module reads in its text."""
    for path in sorted(ROOT.glob("*/settings.py")):
        yield from READ_FROM_ENVIRONMENT.findall(path.read_text("utf-8"))


def test_every_setting_is_in_the_reference_and_described() -> None:
    page = settings.page()
    listed = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.MULTILINE))
    ports = {port_variable(name) for name in (*StackSettings.from_environment({}).ports, *EXTRA_PORTS)}
    assert {*variables_in_the_code(), *ports} - {"TAXI_PROGRAM_NAME"} - listed == set()


def test_no_setting_is_described_that_nothing_reads() -> None:
    read = {name for variables in settings.sections_of_variables().values() for name in variables}
    assert set(settings.meanings()) - read == set()


def test_defaults_in_the_reference_name_no_path_of_this_machine() -> None:
    assert str(ROOT) not in settings.page()
    assert str(Path.home()) not in settings.page()


def test_every_table_and_view_is_in_the_reference_with_its_columns() -> None:
    page = tables.page()
    sql = "".join(path.read_text("utf-8") for path in (ROOT / "schemas" / "postgres").rglob("*.sql"))
    created = re.findall(r"create (?:table if not exists|or replace view) ([\w.]+)", sql)
    shown = set(re.findall(r"^### taxi(?:_internal)?\.(\w+)$", page, re.MULTILINE))
    missing = {name.removeprefix("taxi.") for name in created} - shown
    assert missing == set()
    assert [relation.name for relation in tables.declared() if not relation.columns] == []


def test_every_table_view_and_column_in_the_reference_has_a_meaning() -> None:
    relations = [*tables.described(tables.declared()), *tables.marts()]
    columns = [
        (relation.name, column.name, column.description)
        for relation in relations
        for column in relation.columns
    ]
    assert [relation.name for relation in relations if not relation.description] == []
    assert [(relation, column) for relation, column, meaning in columns if not meaning] == []


def test_no_table_or_column_is_described_that_there_is_not() -> None:
    declared = {relation.name.removeprefix("taxi."): relation for relation in tables.declared()}
    columns = {(name, column.name) for name, relation in declared.items() for column in relation.columns}
    texts = descriptions()
    assert set(texts.relations) - set(declared) == set()
    assert set(texts.own_columns) - columns == set()
    assert set(texts.columns) - {column for _, column in columns} == set()


@pytest.mark.parametrize(
    ("relation", "columns"),
    [
        ("zone_fares_15m", ["taxi_type", "pickup_zone_id", "window_start", "window_end"]),
        ("dead_letters", ["topic", "partition", "kafka_offset", "arrived_at"]),
        ("trip_ledger", ["taxi_type", "event_hour", "received", "windowed"]),
    ],
)
def test_columns_come_in_the_order_of_the_ddl(relation: str, columns: list[str]) -> None:
    (found,) = (one for one in tables.declared() if one.name == relation)
    assert [column.name for column in found.columns][:4] == columns


def test_every_rule_is_in_the_reference() -> None:
    page = rules.page()
    assert [rule.name for rule in RULES if f"| `{rule.name}` |" not in page] == []


def test_every_metric_counter_and_alert_is_in_the_reference() -> None:
    page = metrics.page()
    exporter = (ROOT / "control_plane" / "metrics" / "exposition.py").read_text("utf-8")
    names = re.findall(r'"(taxi_\w+)"', exporter)
    counters = re.findall(
        r"`(taxi_\w+_total)[`{]", (ROOT / "docs" / "runbooks" / "metrics.md").read_text("utf-8")
    )
    alerts = [rule["alert"] for rule in metrics.alert_rules()]
    assert [name for name in [*names, *counters] if f"`{name}`" not in page] == []
    assert [name for name in alerts if f"[{name}]" not in page] == []
    assert len(names) > 10
    assert len(counters) == len(metrics.job_counters())


def test_the_pages_are_written_afresh(tmp_path: Path) -> None:
    stale = tmp_path / "pages" / "reference" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.write_text("left by an earlier build", "utf-8")
    write_pages(tmp_path / "pages")
    written = {path.relative_to(tmp_path / "pages").as_posix() for path in (tmp_path / "pages").rglob("*.md")}
    assert written == set(PAGES)
