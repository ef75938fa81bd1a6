"""What jobs declare of themselves, and the one that is meant where none is named."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB, WatchedSteps, job_names, parse_declaration, read_declaration
from stack.settings import ROOT

pytestmark = pytest.mark.unit

DECLARED = """
[steps]
read_rides = 'TableSourceScan'
count_hours = 'WindowAggregate'

[watched]
source = "read_rides"
"""


def test_steps_keep_their_order_because_the_first_that_matches_names_an_operator() -> None:
    found = parse_declaration(DECLARED, "job.toml")
    assert list(found.steps.items()) == [
        ("read_rides", "TableSourceScan"),
        ("count_hours", "WindowAggregate"),
    ]
    assert found.watched == WatchedSteps("read_rides", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "read_rides"', 'source = "read_trips"', r"\[watched\] names the unknown step read_trips"),
        ("count_hours =", "Count-Hours =", "invalid step name 'Count-Hours'"),
        ("'WindowAggregate'", "'(Window'", "the pattern of step count_hours is not a regular expression"),
        ('source = "read_rides"', "", "is not a job declaration"),
        ("[watched]", "[watch", "is not a job declaration"),
        ('source = "read_rides"', 'clock = "read_rides"', "is not a job declaration"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused_with_its_file(old: str, new: str, message: str) -> None:
    assert old in DECLARED
    with pytest.raises(UserError, match=rf"^folder/job\.toml:? {message}"):
        parse_declaration(DECLARED.replace(old, new), "folder/job.toml")


@pytest.mark.parametrize("job", job_names(ROOT / "flink_jobs"))
def test_every_job_of_this_tree_declares_its_steps(job: str) -> None:
    assert read_declaration(ROOT / "flink_jobs" / job).watched.source


def test_a_folder_is_a_job_by_its_job_py(tmp_path: Path) -> None:
    for folder, file in (("runtime", "sql.py"), ("b_job", "job.py"), ("a_job", "job.py")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).touch()
    assert job_names(tmp_path) == ["a_job", "b_job"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("airflow_dags/operators/flink.py", f'DEFAULT_JOB = "{DEFAULT_JOB}"'),
        ("terraform/modules/platform/main.tf", f'job_name    = "{DEFAULT_JOB}"'),
    ],
)
def test_what_cannot_import_the_default_job_names_the_same(file: str, line: str) -> None:
    assert line in (ROOT / file).read_text("utf-8")
