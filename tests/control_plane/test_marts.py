"""dbt is pointed at the right world, or a person is told what is missing."""

from pathlib import Path

import pytest

from control_plane import marts
from control_plane.settings import MartsSettings
from schemas.errors import UserError

pytestmark = pytest.mark.unit


def settings_with(home: Path, **variables: str) -> MartsSettings:
    return MartsSettings.from_environment({"TAXI_HOME": str(home), "TAXI_CACHE_DIR": str(home), **variables})


@pytest.mark.parametrize("named", [{}, {"PROCESSED_DATA": "/nowhere"}])
def test_a_history_that_is_no_folder_is_refused(tmp_path: Path, named: dict[str, str]) -> None:
    place = named.get("PROCESSED_DATA", f"{tmp_path}/history/processed-data")
    with pytest.raises(
        UserError, match=rf"the folder {place} does not exist; run \./taxi backfill to create it"
    ):
        marts.dbt_run(["build", "-t", "duckdb"], settings_with(tmp_path, **named))


def test_the_marts_read_the_months_that_backfills_have_made(tmp_path: Path) -> None:
    folder = tmp_path / "history" / "processed-data"
    folder.mkdir(parents=True)
    run = marts.dbt_run(["build", "--target=duckdb"], settings_with(tmp_path))
    assert run.environment["PROCESSED_DATA"] == str(folder)


def test_a_folder_is_no_pattern_and_no_end_of_a_text_for_the_models(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] *"
    folder.mkdir()
    settings = settings_with(tmp_path, PROCESSED_DATA=str(folder))
    run = marts.dbt_run(["build", "--target=duckdb"], settings)
    assert run.environment["PROCESSED_DATA"] == f"{tmp_path}/it''s [[]a] [*]"


def test_the_live_tables_need_a_running_stack(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the stack is not running; start it with \./taxi up"):
        marts.dbt_run(["build"], settings_with(tmp_path))


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UserError, match="there is no target oracle; choose from: postgres, duckdb"):
        marts.target_named("oracle")


def test_dbt_reads_the_parts_of_the_dsn_and_no_path_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    settings = settings_with(tmp_path, POSTGRES_DSN="postgresql://ann:secret@db.example:6543/rides")
    environment = marts.dbt_run(["build"], settings).environment
    found = [environment[name] for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")]
    assert found == ["db.example", "6543", "ann", "secret", "rides"]
    assert "PYTHONPATH" not in environment


def test_an_address_on_s3_is_left_as_it_is(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, PROCESSED_DATA="s3://rides/processed-data/")
    environment = marts.dbt_run(["build", "--target=duckdb"], settings).environment
    assert environment["PROCESSED_DATA"] == "s3://rides/processed-data"


def test_dbt_without_a_word_is_dbt_on_the_live_tables() -> None:
    assert marts._target_of([]) == marts.Target.POSTGRES
