"""`make lock`: resolve every lock of the project again."""

import subprocess

from schemas.errors import UserError
from stack.console import console
from stack.settings import ROOT
from stack.toolchain.environments import uv_command
from stack.toolchain.jars.jar_locks import relock as relock_jars

GROUPS = (
    "stream",
    "cluster",
    "mwaa",
    "batch",
    "bench",
    "peers",
    "dev",
    "transform",
    "orchestrate",
    "map",
    "infra",
    "advisories",
    "docs",
    "launcher",
)
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet")


def relock_everything() -> None:
    """Write requirements/*.txt and the Java locks."""
    for group in GROUPS:
        _relock_group(group)
    relock_jars()


def _relock_group(group: str) -> None:
    # Locks contain no index address: they work behind any mirror.
    target = f"requirements/{group}.txt"
    arguments = [
        "pip",
        "compile",
        *OPTIONS,
        "--no-emit-index-url",
        "pyproject.toml",
        "--group",
        group,
        "-o",
        target,
    ]
    command, environment = uv_command(arguments)
    if (
        subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL).returncode
        != 0
    ):
        raise UserError(f"{target} cannot be resolved", "see the output above")
    console().print(f"{target}: resolved", highlight=False)
