"""Terraform and checkov, once a session."""

from pathlib import Path

import pytest

from tests.terraform.terraform import Terraform, found_program, found_providers


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform with a provider for AWS; tests that ask for it are skipped where either is missing."""
    return Terraform(found_program(), found_providers(), tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for copies of the tree."""
    return tmp_path_factory.mktemp("terraform-copies")
