"""checkov finds nothing in the tree, and finds what is wrong on purpose."""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from stack.toolchain import environments as bootstrap
from tests.terraform.terraform import MUST_FAIL, TREE

pytestmark = pytest.mark.unit

FOUND_BY = {
    "fixed_key": "CKV_AWS_7",
    "mutable_image": "CKV_AWS_51",
    "open_security_group": "CKV_AWS_24",
    "plaintext_kafka": "CKV_AWS_81",
    "public_airflow": "CKV2_AWS_66",
    "public_bucket": "CKV2_AWS_6",
    "public_kafka": "CKV_AWS_291",
    "star_policy": "CKV_AWS_1",
    "star_resource": "CKV_AWS_356",
    "trust_everybody": "CKV_AWS_60",
    "unencrypted_bucket": "CKV_AWS_145",
    "unencrypted_database": "CKV_AWS_16",
    "unencrypted_topic": "CKV_AWS_26",
}


def findings(folder: Path) -> Mapping[str, dict[str, str]]:
    """The failed checks of each subfolder, with what each says; makes checkov's environment."""
    program = bootstrap.ensure_environment("infra") / "bin" / "checkov"
    options = ["--framework", "terraform", "--skip-download", "--quiet", "--compact", "--output", "json"]
    done = subprocess.run(
        [program, "-d", str(folder), *options], capture_output=True, text=True, check=False, timeout=540
    )
    report = json.loads(done.stdout)
    report_summary = report["summary"]
    kinds = ("resource_count", "passed", "failed", "skipped", "parsing_errors")
    Console(width=150).print(f"checkov on {folder.name}:", {kind: report_summary[kind] for kind in kinds})
    assert report_summary["passed"] > 0
    assert report_summary["parsing_errors"] == 0
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for check in report["results"]["failed_checks"]:
        finding = f"{check['resource']}: {check['check_name']}"
        found[Path(check["file_path"]).parent.name][check["check_id"]] = finding
    return found


def test_checkov_finds_nothing() -> None:
    assert findings(TREE) == {}


def test_checkov_finds_what_is_wrong_on_purpose() -> None:
    found = findings(MUST_FAIL)
    table = Table("fixture", "gate", "finding", title="What must fail")
    for name, check in FOUND_BY.items():
        table.add_row(name, f"checkov {check}", found[name].get(check, "nothing"))
    Console(width=150).print(table)
    assert set(FOUND_BY) == {path.name for path in MUST_FAIL.iterdir()}
    assert {name: check in found[name] for name, check in FOUND_BY.items()} == dict.fromkeys(FOUND_BY, True)


def test_each_check_that_is_skipped_says_why() -> None:
    skips = [
        (path.parent.name, *match)
        for path in TREE.rglob("*.tf")
        for match in re.findall(r"checkov:skip=(\w+):?(.*)", path.read_text())
    ]
    table = Table("module", "check", "reason", title="What checkov is told to skip")
    for skip in sorted(skips):
        table.add_row(*skip)
    Console(width=150).print(table)
    assert skips
    assert [skip for skip in skips if len(skip[2].split()) < 2] == []
