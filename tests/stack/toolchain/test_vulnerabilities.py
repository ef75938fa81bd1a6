"""A known vulnerability of a locked package is told: the real pip-audit, and a stand-in for its source."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import UserError
from stack.settings import StackSettings
from stack.toolchain import vulnerabilities
from stack.toolchain.environments import ensure_environment
from tests.stack.toolchain.osv_service import osv_service

pytestmark = pytest.mark.unit

LOCK = f"bad==1.0 \\\n    --hash=sha256:{'0' * 64}\ngood==2.0 \\\n    --hash=sha256:{'1' * 64}\n"
ADVISORY = {
    "id": "PYSEC-2099-1",
    "aliases": ["CVE-2099-1"],
    "summary": "lets everybody in",
    "affected": [
        {
            "package": {"name": "bad", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}
WHY = "nothing of ours calls what is broken"


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    """The environment of pip-audit; made now, as uv needs a terminal or a file to speak to."""
    ensure_environment("advisories")


@pytest.fixture
def source() -> Iterator[str]:
    with osv_service({("PyPI", "bad", "1.0"): [ADVISORY]}) as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lock.txt").write_text(LOCK)
    return tmp_path


def is_well(folder: Path, source: str, **accepted: str) -> bool:
    """The verdict, with these accepted for these reasons."""
    file = folder / "accepted.toml"
    rows = [
        f'[[accepted]]\nid = "{name.replace("_", "-")}"\nwhy = "{why}"\n' for name, why in accepted.items()
    ]
    file.write_text("".join(rows))
    settings = StackSettings.from_environment({"OSV_URL": source, "TAXI_CACHE_DIR": str(folder)})
    return vulnerabilities.print_findings(settings, [folder / "lock.txt"], file, [])


def test_a_vulnerable_pin_fails_and_is_told_with_its_fix(
    folder: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_well(folder, source)
    output = " ".join(capsys.readouterr().out.split())
    assert output == "bad 1.0: CVE-2099-1, PYSEC-2099-1, fixed in 1.1: lets everybody in"


def test_what_is_accepted_by_any_of_its_names_passes_and_what_is_found_no_more_is_told(
    folder: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_well(folder, source, CVE_2099_1=WHY, CVE_2098_7=WHY)
    assert "CVE-2098-7 is accepted in accepted.toml but no longer found" in capsys.readouterr().err


def test_nothing_is_accepted_without_a_reason(folder: Path, source: str) -> None:
    with pytest.raises(UserError, match="accepts CVE-2099-1 without a reason"):
        is_well(folder, source, CVE_2099_1="")


def test_without_an_answer_the_reason_is_told_and_nothing_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_well(folder, "http://127.0.0.1:9")
    assert "not checked, because the advisories cannot be reached" in capsys.readouterr().err


def test_what_we_accept_says_why() -> None:
    vulnerabilities.accepted_vulnerabilities(vulnerabilities.ACCEPTED)
