"""Java archives: whence they come, and that what arrives is what is locked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import UserError
from stack.settings import StackSettings
from stack.toolchain.jars import download
from stack.toolchain.jars.lock import COMPONENTS, locked_artifacts
from stack.toolchain.jars.maven_repository import MavenRepository, configured_repository, mirror_of_settings
from stack.toolchain.jars.store import Store, damaged_artifacts, download_missing
from tests.stack.toolchain.artifacts import CONTENT, Repository, artifact, served

SETTINGS_XML = """
<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
  <servers><server><id>house</id><username>ann</username><password>${env.HOUSE_PASSWORD}</password></server></servers>
  <mirrors>
    <mirror><id>other</id><mirrorOf>snapshots</mirrorOf><url>http://other.example/m2</url></mirror>
    <mirror><id>house</id><mirrorOf>MIRROR_OF</mirrorOf><url>http://house.example/m2/</url></mirror>
  </mirrors>
</settings>
"""


@pytest.fixture
def repository() -> Iterator[Repository]:
    with served(Repository({artifact().path: CONTENT})) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setattr(download, "FIRST_PAUSE_SECONDS", 0.01)
    settings = StackSettings.from_environment({"TAXI_CACHE_DIR": str(tmp_path / "cache")})
    return Store(replace(settings, maven_mirror_url=repository.address))


def settings_file(folder: Path, mirror_of: str) -> Path:
    path = folder / "settings.xml"
    path.write_text(SETTINGS_XML.replace("MIRROR_OF", mirror_of))
    return path


@pytest.mark.parametrize("mirror_of", ["*", "central", "external:*", "jboss, central"])
def test_a_mirror_of_central_is_used_with_its_login(tmp_path: Path, mirror_of: str) -> None:
    found = mirror_of_settings(settings_file(tmp_path, mirror_of), {"HOUSE_PASSWORD": "secret"})
    assert found == MavenRepository("http://house.example/m2/", ("ann", "secret"))


@pytest.mark.parametrize("mirror_of", ["snapshots", "*,!central"])
def test_a_mirror_of_something_else_is_not_used(tmp_path: Path, mirror_of: str) -> None:
    assert mirror_of_settings(settings_file(tmp_path, mirror_of), {}) is None


def test_settings_that_are_no_xml_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.xml"
    path.write_text("<settings>")
    with pytest.raises(UserError, match=r"settings\.xml is not valid XML"):
        mirror_of_settings(path, {})


def test_the_variable_wins_over_the_settings_file() -> None:
    settings = StackSettings.from_environment({"MAVEN_MIRROR_URL": "http://mine.example"})
    assert configured_repository(settings).address("a/b.jar") == "http://mine.example/a/b.jar"


def test_a_missing_archive_is_downloaded_once(store: Store, repository: Repository) -> None:
    download_missing(store, [artifact()])
    download_missing(store, [artifact()])
    assert store.path_of(artifact()).read_bytes() == CONTENT
    assert len(repository.ranges) == 1


def test_a_download_goes_on_where_it_was_broken_off(store: Store, repository: Repository) -> None:
    part = store.path_of(artifact()).with_name(f"{store.path_of(artifact()).name}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    download_missing(store, [artifact()])
    assert store.path_of(artifact()).read_bytes() == CONTENT
    assert repository.ranges == ["bytes=1000-"]


def test_a_damaged_beginning_is_thrown_away_and_fetched_anew(store: Store, repository: Repository) -> None:
    part = store.path_of(artifact()).with_name(f"{store.path_of(artifact()).name}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"nonsense")
    download_missing(store, [artifact()])
    assert store.path_of(artifact()).read_bytes() == CONTENT
    assert repository.ranges == ["bytes=8-", None]


def test_a_corrupt_file_in_the_cache_is_fetched_again(store: Store) -> None:
    download_missing(store, [artifact()])
    store.path_of(artifact()).write_bytes(b"corrupt")
    download_missing(store, [artifact()])
    assert store.path_of(artifact()).read_bytes() == CONTENT


def test_a_server_that_fails_twice_is_asked_a_third_time(store: Store, repository: Repository) -> None:
    repository.failures_first = 2
    download_missing(store, [artifact()])
    assert len(repository.ranges) == 3


def test_a_file_of_the_maven_cache_is_taken_instead(
    store: Store, repository: Repository, tmp_path: Path
) -> None:
    path = tmp_path / "m2" / artifact().path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    download_missing(store, [artifact()])
    assert store.path_of(artifact()).read_bytes() == CONTENT
    assert repository.ranges == []


def test_other_bytes_than_locked_are_refused(store: Store, repository: Repository) -> None:
    repository.files[artifact().path] = b"something else"
    with pytest.raises(UserError, match=r"cannot download org\.example:engine:1\.0 .* SHA-256"):
        download_missing(store, [artifact()])
    assert not store.path_of(artifact()).exists()


def test_an_archive_that_nobody_has_is_one_line_with_its_coordinate(store: Store) -> None:
    with pytest.raises(
        UserError, match=r"org\.example:absent:1\.0 from 127\.0\.0\.1: HTTP 404; check the network"
    ):
        download_missing(store, [artifact(name="absent")])


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_locked_archive_has_a_hash(component: str) -> None:
    assert all(len(locked.sha256) == 64 for locked in locked_artifacts(component))


def test_a_full_check_finds_what_the_quick_one_cannot(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    download_missing(store, [artifact()])
    store.path_of(artifact()).write_bytes(b"corrupt")
    store.mark_good(artifact())
    monkeypatch.setattr("stack.toolchain.jars.store.locked_artifacts", lambda _: [artifact()])
    assert damaged_artifacts(store, ["kafka"]) == [artifact()]
