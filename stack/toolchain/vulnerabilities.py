"""`./taxi vulnerabilities`: known vulnerabilities of Python packages, by pip-audit, and of jars, by OSV."""

import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.errors import UserError
from stack.console import console, output
from stack.settings import ROOT, StackSettings
from stack.toolchain.environments import ensure_environment
from stack.toolchain.jars.contents import java_packages
from stack.toolchain.osv import (
    SECONDS,
    JavaPackage,
    OsvUnreachableError,
    Vulnerability,
    vulnerabilities_by_api,
    vulnerabilities_by_snapshot,
)

LOCKS = tuple(sorted((ROOT / "requirements").glob("*.txt")))
ACCEPTED = ROOT / "requirements" / "accepted-vulnerabilities.toml"
NO_ANSWER = re.compile(r"(Connection|Timeout|Proxy|SSL|HTTP|Service)Error|ConnectTimeout|ReadTimeout")
"""Errors in pip-audit's log when its source does not answer, or answers incorrectly."""


def print_findings(
    settings: StackSettings,
    locks: Sequence[Path] = LOCKS,
    accepted_file: Path = ACCEPTED,
    jars: Sequence[JavaPackage] | None = None,
) -> bool:
    """Print the vulnerabilities; return whether all are accepted. Without an answer nothing is known."""
    accepted = accepted_vulnerabilities(accepted_file)
    java = java_packages(settings) if jars is None else jars
    checks: Mapping[str, Callable[[], list[Vulnerability]]] = {
        f"{len(locks)} locks of Python packages": lambda: known_vulnerabilities(locks, settings.osv_url),
        f"{len(java)} Java packages": lambda: known_java_vulnerabilities(java, settings),
    }
    found: list[Vulnerability] = []
    unchecked = 0
    for what, check in checks.items():
        try:
            known = check()
        except OsvUnreachableError as silence:
            unchecked += 1
            reason = f"not checked, because the advisories cannot be reached: {silence}"
            console().print(f"{what}: {reason}", highlight=False)
        else:
            found += known
            console().print(f"{what}: {len(known)} known vulnerabilities", highlight=False)
    if not unchecked:
        _print_needless(accepted, found, accepted_file)
    return _print_accepted(accepted, found)


def _print_needless(accepted: Mapping[str, str], found: Iterable[Vulnerability], accepted_file: Path) -> None:
    known = {name for one in found for name in one.names}
    for name in sorted(set(accepted) - known):
        console().print(
            f"{name} is accepted in {accepted_file.name} but no longer found: remove it there",
            highlight=False,
        )


def _print_accepted(accepted: Mapping[str, str], found: Sequence[Vulnerability]) -> bool:
    for one in found:
        why = next((accepted[name] for name in one.names if name in accepted), "")
        output().print(f"{one.line}{f' (accepted: {why})' if why else ''}", highlight=False, markup=False)
    open_ones = [one for one in found if not one.names & set(accepted)]
    if found:
        console().print(f"{len(open_ones)} of {len(found)} are not accepted", highlight=False)
    return not open_ones


def accepted_vulnerabilities(path: Path) -> Mapping[str, str]:
    """Return why each accepted vulnerability does not affect us; UserError for one without a reason."""
    rows = tomllib.loads(path.read_text("utf-8")).get("accepted", [])
    for row in rows:
        if not row.get("id") or len(str(row.get("why", "")).split()) < 4:
            raise UserError(
                f"{path.name} accepts {row.get('id', 'something')} without a reason", "add its `why`"
            )
    return {str(row["id"]): str(row["why"]) for row in rows}


def known_vulnerabilities(locks: Iterable[Path], osv_url: str | None) -> list[Vulnerability]:
    """Query every pin; raises OsvUnreachableError where the source does not answer."""
    found = {one for lock in locks for one in _known_of(lock, osv_url)}
    return sorted(found, key=lambda one: (one.package, one.version, sorted(one.names)))


def known_java_vulnerabilities(
    packages: Sequence[JavaPackage], settings: StackSettings
) -> list[Vulnerability]:
    """Look every package up in the snapshot, or query it; raises OsvUnreachableError without an answer."""
    if settings.osv_snapshot:
        found = vulnerabilities_by_snapshot(packages, settings.osv_snapshot)
    else:
        found = vulnerabilities_by_api(packages, settings.osv_url)
    return sorted(found, key=lambda one: (one.package, one.version, sorted(one.names)))


def _known_of(lock: Path, osv_url: str | None) -> list[Vulnerability]:
    program = ensure_environment("advisories") / "bin" / "pip-audit"
    # Nothing is installed. The alternative source, PyPI, appears to have no advisories behind a mirror.
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--timeout", str(SECONDS)]
    source = ["--vulnerability-service", "osv", *(["--osv-url", osv_url] if osv_url else [])]
    done = subprocess.run(
        [str(program), *options, *source, "--format", "json", "--requirement", str(lock)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        _give_up(done.stderr)
    rows: list[Mapping[str, Any]] = json.loads(done.stdout)["dependencies"]
    unread = [str(row["skip_reason"]) for row in rows if "skip_reason" in row]
    if unread:
        raise UserError(f"pip-audit skipped {len(unread)} packages of {lock.name}", unread[0])
    return [_vulnerability(row, one) for row in rows for one in row["vulns"]]


def _give_up(log_text: str) -> None:
    last = (log_text.strip().splitlines() or ["it printed nothing"])[-1]
    if NO_ANSWER.search(log_text):
        raise OsvUnreachableError(last)
    raise UserError(f"pip-audit failed: {last}", "see requirements/*.txt")


def _vulnerability(row: Mapping[str, Any], one: Mapping[str, Any]) -> Vulnerability:
    text = str(one.get("description", "")).strip().partition("\n")[0]
    names = frozenset({str(one["id"]), *map(str, one["aliases"])})
    return Vulnerability(str(row["name"]), str(row["version"]), names, tuple(one["fix_versions"]), text)
