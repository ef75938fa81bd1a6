"""A known vulnerability of a jar is found, by OSV's API and in a snapshot of its records."""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import UserError
from stack.settings import StackSettings
from stack.toolchain import vulnerabilities
from stack.toolchain.jars.contents import java_packages, packages_inside
from stack.toolchain.osv import JavaPackage
from tests.stack.toolchain.osv_service import osv_service

pytestmark = pytest.mark.unit

BAD, FIXED = JavaPackage("org.bad:bad", "1.9"), JavaPackage("org.bad:bad", "1.10")
OTHER = JavaPackage("org.good:bad", "1.9")
ADVISORY = {
    "id": "GHSA-bad",
    "aliases": ["CVE-2099-1"],
    "summary": "runs what it is sent",
    "affected": [
        {
            "package": {"ecosystem": "Maven", "name": "org.bad:bad"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.2"}, {"fixed": "1.10"}]}],
        }
    ],
}
LINE = "org.bad:bad 1.9: CVE-2099-1, GHSA-bad, fixed in 1.10: runs what it is sent"


def record(package: JavaPackage, **affected: Any) -> Mapping[str, Any]:
    """An advisory for the package of this name."""
    return {"id": "x", "affected": [{"package": {"ecosystem": "Maven", "name": package.name}, **affected}]}


def span(*events: Mapping[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


@pytest.mark.parametrize(
    ("affected", "is_affected"),
    [
        (span({"introduced": "0"}), True),
        (span({"introduced": "0"}, {"fixed": "1.9"}), False),
        (span({"introduced": "1.9"}, {"fixed": "1.10"}), True),
        (span({"introduced": "1.10"}), False),
        (span({"introduced": "0"}, {"last_affected": "1.9"}), True),
        (span({"introduced": "0"}, {"last_affected": "1.9-rc1"}), False),
        (span({"introduced": "0"}, {"fixed": "1.3"}, {"introduced": "1.8"}, {"fixed": "2.0"}), True),
        (span({"introduced": "0"}, {"fixed": "1.3"}, {"introduced": "2.0"}), False),
        ({"versions": ["1.8", "1.9"]}, True),
        ({"versions": ["1.90"]}, False),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
    ],
)
def test_a_version_is_affected_as_maven_orders_versions(
    affected: Mapping[str, Any], is_affected: bool
) -> None:
    assert BAD.is_affected(record(BAD, **affected)) is is_affected


def test_a_withdrawn_advisory_and_another_package_of_the_same_artifact_are_not_affected() -> None:
    always = span({"introduced": "0"})
    assert not BAD.is_affected({**record(BAD, **always), "withdrawn": "2099-01-01T00:00:00Z"})
    assert not OTHER.is_affected(record(BAD, **always))


@pytest.fixture(params=["zip", "folder"])
def snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / "GHSA-bad.json").write_text(json.dumps(ADVISORY))
    if request.param == "folder":
        return folder
    return Path(shutil.make_archive(str(tmp_path / "all"), "zip", folder))


@pytest.fixture
def service() -> Iterator[str]:
    with osv_service({("Maven", BAD.name, BAD.version): [ADVISORY]}) as url:
        yield url


def is_well(tmp_path: Path, *packages: JavaPackage, **variables: str) -> bool:
    """The verdict on the jars; no Python package is asked about."""
    (tmp_path / "accepted.toml").write_text("accepted = []\n")
    settings = StackSettings.from_environment({"TAXI_CACHE_DIR": str(tmp_path), **variables})
    return vulnerabilities.print_findings(settings, [], tmp_path / "accepted.toml", packages)


def test_a_vulnerable_jar_is_found_in_a_snapshot_without_any_network(
    snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = {"OSV_URL": "http://127.0.0.1:9", "OSV_SNAPSHOT": str(snapshot)}
    assert is_well(tmp_path, FIXED, OTHER, **nowhere)
    assert not is_well(tmp_path, BAD, FIXED, OTHER, **nowhere)
    assert " ".join(capsys.readouterr().out.split()) == LINE


def test_a_vulnerable_jar_is_found_by_the_api(
    service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_well(tmp_path, FIXED, OTHER, OSV_URL=service)
    assert not is_well(tmp_path, BAD, OTHER, OSV_URL=service)
    assert " ".join(capsys.readouterr().out.split()) == LINE


def test_without_an_answer_the_reason_is_told_and_nothing_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_well(tmp_path, BAD, OSV_URL="http://127.0.0.1:9")
    message = " ".join(capsys.readouterr().err.split())
    assert "1 Java packages: not checked, because the advisories cannot be reached" in message


def test_a_snapshot_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"OSV_SNAPSHOT=.*broken\.zip cannot be read"):
        is_well(tmp_path, BAD, OSV_SNAPSHOT=str(tmp_path / "broken.zip"))
    with pytest.raises(UserError, match=r"OSV_SNAPSHOT=.*empty has no records"):
        is_well(tmp_path, BAD, OSV_SNAPSHOT=str(tmp_path / "empty"))


def test_the_locked_jars_are_asked_about(tmp_path: Path) -> None:
    asked = {
        one.name for one in java_packages(StackSettings.from_environment({"TAXI_CACHE_DIR": str(tmp_path)}))
    }
    assert {"org.apache.kafka:kafka-clients", "org.postgresql:postgresql"} <= asked


def test_what_a_jar_has_taken_in_is_asked_about_too(tmp_path: Path) -> None:
    jar = tmp_path / "all-in-one.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        for package in (BAD, OTHER):
            group, artifact = package.name.split(":")
            text = f"#Apache Maven\nversion={package.version}\ngroupId={group}\nartifactId={artifact}\n"
            archive.writestr(f"META-INF/maven/{group}/{artifact}/pom.properties", text)
        archive.writestr("META-INF/maven/org.odd/odd/pom.properties", "version=1\n")
    assert set(packages_inside([jar])) == {BAD, OTHER}
