"""No secret is in what is committed; and the scan would find one."""

import json
import subprocess
from pathlib import Path

import pytest
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from stack.settings import ROOT

pytestmark = pytest.mark.unit

BASELINE = ROOT / ".secrets.baseline"
LOCKS = ("requirements/", "stack/toolchain/jars/")
"""Thousands of SHA-256, which are no secrets and look like some."""
DETECTORS = {
    "plugins_used": [
        {"name": name}
        for name in (
            *("AWSKeyDetector", "PrivateKeyDetector", "BasicAuthDetector", "JwtTokenDetector"),
            *("KeywordDetector", "GitHubTokenDetector", "SlackDetector", "StripeDetector"),
        )
    ]
}


def found_in(paths: list[Path]) -> set[tuple[str, str]]:
    """File and hash of each secret."""
    secrets = SecretsCollection(root=str(ROOT))
    with transient_settings(DETECTORS):
        for path in paths:
            secrets.scan_file(str(path))
    return {(str(name), secret.secret_hash) for name, secret in secrets}


def test_nothing_that_is_committed_holds_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [Path(name) for name in listed.stdout.splitlines() if not name.startswith(LOCKS)]
    known = {(row["file"], row["hash"]) for row in json.loads(BASELINE.read_text("utf-8"))["known"]}
    new = found_in([path for path in paths if (ROOT / path).is_file() and path.name != BASELINE.name]) - known
    assert new == set(), (
        "a secret, or what looks like one: remove it, or say in .secrets.baseline why it is none"
    )


def test_what_is_known_to_be_none_says_why() -> None:
    rows = json.loads(BASELINE.read_text("utf-8"))["known"]
    assert [row for row in rows if not row.get("why") or not (ROOT / row["file"]).exists()] == []


@pytest.mark.parametrize(
    "line",
    [
        "aws_access_key_id = " + "AKIA" + "Q3EGRIZ7XW5LMNOP",
        "-----BEGIN EC " + "PRIVATE KEY-----",
        "dsn = 'postgresql://taxi:" + "kW8vPq2Lr5@db/taxi'",
    ],
)
def test_a_planted_secret_is_found(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "settings.py"
    planted.write_text(line + "\n", "utf-8")
    assert found_in([planted])
