"""The commands of a page, and a fresh clone to type them in."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stack.settings import ROOT, StackSettings

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SHARED_MONTHS = ROOT.parent / "shared" / "data" / "months"


def commands_of(page: Path) -> str:
    """Join the shell commands of a page, in their order."""
    return "\n".join(_BLOCK.findall(page.read_text("utf-8")))


def fresh_clone(folder: Path) -> Path:
    """Clone what is committed; the environments that are installed here are not installed again."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    environments = folder / ".taxi" / "envs"
    environments.mkdir(parents=True)
    for installed in sorted((ROOT / ".taxi" / "envs").iterdir()):
        if installed.is_dir():
            (environments / installed.name).symlink_to(installed.resolve())
    return folder


def typed(commands: str, clone: Path) -> subprocess.CompletedProcess[str]:
    """Type commands in a clone until one fails; its stack is removed afterwards."""
    environment = _environment()
    try:
        return subprocess.run(
            ["bash", "-euvc", commands],
            cwd=clone,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["./taxi", "down", "--purge"], cwd=clone, env=environment, check=False)
        shutil.rmtree(clone / ".taxi" / "envs", ignore_errors=True)


def _environment() -> Mapping[str, str]:
    """Make a user's variables: free ports, and where months and jars are."""
    ports = dict.fromkeys(
        ("TAXI_KAFKA_PORT", "TAXI_REGISTRY_PORT", "TAXI_FLINK_PORT", "TAXI_POSTGRES_PORT"), "auto"
    )
    months = {"TLC_DATA_DIR": str(_SHARED_MONTHS)} if _SHARED_MONTHS.is_dir() else {}
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    mirrors = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "MAVEN_"))
    }
    cache = {"TAXI_CACHE_DIR": str(StackSettings.from_environment().cache)}
    return {**months, **kept, **mirrors, **cache, **ports}
