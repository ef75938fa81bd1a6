"""Known vulnerabilities of Java packages, in the format of OSV: by its API, or from a snapshot."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from jgo.maven import compare_versions

from schemas.errors import UserError

QUERY_URL = "https://api.osv.dev/v1/query"
ECOSYSTEM = "Maven"
SECONDS = 20
CONNECTIONS = 8

Record = Mapping[str, Any]
"""An advisory as OSV's schema describes it."""


class OsvUnreachableError(Exception):
    """The source of the advisories is unreachable; the text gives the reason."""


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability of a package."""

    package: str
    version: str
    names: frozenset[str]
    """Its identifiers in every list."""
    fixed_in: tuple[str, ...]
    text: str

    @property
    def line(self) -> str:
        """Return the vulnerability as text for users."""
        remedy = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))}, {remedy}: {self.text}"


@dataclass(frozen=True, order=True)
class JavaPackage:
    """A package of Maven's, `name` is `group:artifact`."""

    name: str
    version: str

    def vulnerability(self, record: Record) -> Vulnerability:
        """Describe what a record says of this package."""
        names = frozenset({str(record["id"]), *map(str, record.get("aliases", []))})
        fixes = [event["fixed"] for one in self._ranges(record) for event in one if "fixed" in event]
        text = str(record.get("summary") or record.get("details") or "").strip().partition("\n")[0]
        return Vulnerability(self.name, self.version, names, tuple(dict.fromkeys(map(str, fixes))), text)

    def is_affected(self, record: Record) -> bool:
        """Check whether a record lists this version, or a range that holds it."""
        if record.get("withdrawn"):
            return False
        listed = (version for one in self._affected(record) for version in one.get("versions", []))
        return self.version in listed or any(self._is_within(events) for events in self._ranges(record))

    def _affected(self, record: Record) -> list[Record]:
        wanted = (ECOSYSTEM, self.name)
        return [
            one
            for one in record.get("affected", [])
            if (one.get("package", {}).get("ecosystem"), one.get("package", {}).get("name")) == wanted
        ]

    def _ranges(self, record: Record) -> Iterator[Sequence[Mapping[str, str]]]:
        for one in self._affected(record):
            yield from (span["events"] for span in one.get("ranges", []) if span.get("type") != "GIT")

    def _is_within(self, events: Sequence[Mapping[str, str]]) -> bool:
        """Go through the events in the order of versions, as OSV's schema says how to evaluate them."""
        is_inside = False
        for event in events:
            (kind, version), *_ = event.items()
            order = 1 if version == "0" else compare_versions(self.version, version)
            if kind == "introduced" and order >= 0:
                is_inside = True
            elif (kind == "fixed" and order >= 0) or (kind == "last_affected" and order > 0):
                is_inside = False
        return is_inside


def vulnerabilities_by_api(packages: Iterable[JavaPackage], url: str | None) -> list[Vulnerability]:
    """Query every package; raises OsvUnreachableError where the source does not answer."""
    with httpx.Client(timeout=SECONDS) as client, ThreadPoolExecutor(CONNECTIONS) as pool:

        def known(package: JavaPackage) -> list[Vulnerability]:
            return [package.vulnerability(record) for record in _query(client, url or QUERY_URL, package)]

        return [one for found in pool.map(known, packages) for one in found]


def _query(client: httpx.Client, url: str, package: JavaPackage) -> Iterator[Record]:
    query = {"package": {"ecosystem": ECOSYSTEM, "name": package.name}, "version": package.version}
    page: dict[str, Any] = {}
    while True:
        try:
            response = client.post(url, json={**query, **page}).raise_for_status()
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise OsvUnreachableError(str(error) or type(error).__name__) from error
        yield from answer.get("vulns", [])
        if not answer.get("next_page_token"):
            return
        page = {"page_token": answer["next_page_token"]}


def vulnerabilities_by_snapshot(packages: Iterable[JavaPackage], snapshot: Path) -> list[Vulnerability]:
    """Look the packages up in a zip or a folder of OSV's records; raises UserError for another thing."""
    by_name: dict[str, list[JavaPackage]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    found = []
    for record in _records(snapshot):
        names = {str(one.get("package", {}).get("name")) for one in record.get("affected", [])}
        candidates = [package for name in names for package in by_name.get(name, [])]
        found += [one.vulnerability(record) for one in candidates if one.is_affected(record)]
    return found


def _records(snapshot: Path) -> Iterator[Record]:
    texts = _zipped(snapshot) if snapshot.is_file() else _in_folder(snapshot)
    count = 0
    try:
        for count, text in enumerate(texts, 1):  # noqa: B007 - counts the records
            yield json.loads(text)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"OSV_SNAPSHOT={snapshot} cannot be read: {error}", "download it again") from error
    if not count:
        raise UserError(
            f"OSV_SNAPSHOT={snapshot} has no records", "name a zip or a folder of OSV's JSON files for Maven"
        )


def _zipped(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        yield from (archive.read(name) for name in archive.namelist() if name.endswith(".json"))


def _in_folder(path: Path) -> Iterator[bytes]:
    yield from (file.read_bytes() for file in sorted(path.rglob("*.json")))
