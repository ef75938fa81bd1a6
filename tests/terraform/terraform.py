"""Terraform as it is on this machine, with a provider that is here already: nothing is downloaded."""

import json
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack.settings import ROOT

TREE = ROOT / "terraform"
MODULES = TREE / "modules"
ENVIRONMENTS = TREE / "environments"
MODULE_TESTS = ROOT / "tests" / "terraform" / "modules"
MUST_FAIL = ROOT / "tests" / "terraform" / "must_fail"

PROVIDERS_VARIABLE = "TAXI_TERRAFORM_PROVIDERS"
"""Names a folder with providers, laid out as `terraform providers mirror` does."""

RELEASE = {
    "image_tag": "r1",
    "flink_code_key": "flink/r1.zip",
    "emr_code_key": "spark/backfill-0123456789ab",
    "airflow_bundle_key": "airflow/bundle-0123456789ab",
}
VALUES: Mapping[str, Any] = {
    "account_id": "123456789012",
    "email_addresses": ["on-call@example.com"],
    "release": RELEASE,
    # The newest that the provider of this machine may know.
    "flink_runtime": "FLINK-1_20",
}
PROD_VALUES: Mapping[str, Any] = {
    "registry_tls": {
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/0f0f",
        "host_name": "registry.example.com",
        "zone_id": "Z0F0F",
    }
}


@dataclass(frozen=True)
class Terraform:
    """The program, the folder of providers, and a folder for what it writes."""

    program: str
    providers: Path
    home: Path

    def run(
        self, *arguments: str, folder: Path, seconds: float = 300, may_fail: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; fails the test with what it said when it does not succeed."""
        command = [self.program, f"-chdir={folder}", *arguments]
        with subprocess.Popen(
            command,
            env=self._environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=seconds)
            except BaseException:
                # On SIGTERM it would leave its providers behind, and what it has built unrecorded.
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
                raise
        done = subprocess.CompletedProcess(command, process.returncode, output)
        assert may_fail or done.returncode == 0, f"{' '.join(command)}\n{output[-8000:]}"
        return done

    def init(self, folder: Path, *arguments: str) -> None:
        """Make a folder ready."""
        self.run("init", "-input=false", "-no-color", *arguments, folder=folder)

    def _environment(self, folder: Path) -> dict[str, str]:
        configuration = self.home / "terraformrc"
        if not configuration.exists():
            mirror = f'  filesystem_mirror {{\n    path = "{self.providers}"\n  }}\n'
            configuration.write_text(f"provider_installation {{\n{mirror}}}\n")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        return {
            **kept,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_DATA_DIR": str(self.home / "data" / f"{folder.parent.name}-{folder.name}"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            # No credentials of the person, and no question to the metadata of a machine in a cloud.
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
        }


def found_program() -> str:
    """The terraform on the PATH; skips the test where there is none."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("there is no terraform on the PATH")
    return program


def found_providers() -> Path:
    """A folder with a provider for AWS; skips the test where there is none."""
    folder = next(_folders_with_aws(), None)
    if folder is None:
        pytest.skip(
            f"there is no AWS provider for terraform in the usual folders; {PROVIDERS_VARIABLE} names another"
        )
    return folder


def _folders_with_aws() -> Iterator[Path]:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    kind = f"{platform.system().lower()}_{machine}"
    for folder in _usual_folders():
        if any(folder.glob(f"*/hashicorp/aws/*/{kind}/terraform-provider-aws*")):
            yield folder


def _usual_folders() -> Iterable[Path]:
    named = os.environ.get(PROVIDERS_VARIABLE)
    if named:
        return [Path(named)]
    shared = [Path("/usr/local/share/terraform/plugins"), Path("/usr/share/terraform/plugins")]
    own = [Path.home() / ".terraform.d" / "plugins", Path.home() / ".local/share/terraform/plugins"]
    return [*own, *shared, *sorted(Path("/opt").glob("*"))]


def copied_tree(target: Path) -> Path:
    """The modules and environments, where a test may add files of its own."""
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
    return Path(shutil.copytree(TREE, target / "terraform", ignore=ignored))


def write_values(folder: Path, values: Mapping[str, Any]) -> None:
    """Give the environment its values."""
    (folder / "test.auto.tfvars.json").write_text(json.dumps(values))


def override(folder: Path, provider: Sequence[str]) -> None:
    """Keep the state beside the environment, and reach AWS, or nobody, as these lines of the provider say."""
    lines = "\n".join(f"  {line}" for line in provider)
    text = f'terraform {{\n  backend "local" {{}}\n}}\n\nprovider "aws" {{\n{lines}\n}}\n'
    (folder / "test_override.tf").write_text(text)
