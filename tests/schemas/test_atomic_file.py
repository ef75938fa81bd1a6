"""A file is the old one or the new one, never a part of either, and no wider open than it is meant to be."""

import ast
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_ISDIR

import pytest

from schemas.atomic_file import PRIVATE, atomic_path, write_atomically, write_json
from tests.oracle.real_months import REPOSITORY

pytestmark = pytest.mark.unit


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_written_replaces_what_was_there_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "record.json"
    write_atomically(target, "äöü")
    assert target.read_bytes() == "äöü".encode()
    write_atomically(target, b"\x00\xff")
    assert target.read_bytes() == b"\x00\xff"
    write_json(target, {"wanted": True})
    assert json.loads(target.read_text("utf-8")) == {"wanted": True}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_on_the_way_leaves_the_old_file_alone(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "month.parquet"
    target.write_bytes(b"old")

    def write_half() -> None:
        with atomic_path(target) as draft:
            draft.write_bytes(b"ne")
            raise failure

    with pytest.raises(failure):
        write_half()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_disk_holds_the_content_before_the_name_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "record"
    synced = []

    def sync(descriptor: int) -> None:
        kind = "folder" if S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        synced.append((kind, target.exists()))

    monkeypatch.setattr("os.fsync", sync)
    write_atomically(target, "x")
    assert synced == [("file", False), ("folder", True)]


def test_a_secret_is_never_open_to_others_also_where_a_wider_file_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "password"
    write_atomically(target, "old", 0o644)
    modes = []
    write_bytes = Path.write_bytes

    def watched(path: Path, data: bytes) -> int:
        modes.append(mode_of(path))
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", watched)
    write_atomically(target, "secret", PRIVATE)
    assert (modes, mode_of(target)) == ([PRIVATE], PRIVATE)


def test_a_mode_is_kept_and_a_new_file_gets_what_the_umask_leaves(tmp_path: Path) -> None:
    target = tmp_path / "program"
    before = os.umask(0o027)
    try:
        write_atomically(target, "")
        assert mode_of(target) == 0o640
        write_atomically(target, "", 0o755)
        assert mode_of(target) == 0o755
        write_atomically(target, "again")
        assert mode_of(target) == 0o755
    finally:
        os.umask(before)


def test_many_writers_at_once_each_write_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "status"
    contents = [bytes([number]) * 100_000 for number in range(32)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomically(target, content), contents))
    assert target.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [target]


RENAME = {
    "schemas/atomic_file.py": "files",
    "stack/files.py": "folders",
    "stack/services/postgres.py": "a cluster of Postgres, which belongs to another user",
    "producer/fetching/download.py": "a download that the next run goes on with",
    "stack/toolchain/certificates.py": "certificates, before any package is there",
    "stack/toolchain/jars/download.py": "a download that the next run goes on with",
}
ROOMS = (
    "taxi_cli",
    "control_plane",
    "stack",
    "producer",
    "flink_jobs",
    "batch_backfill",
    "docker",
    "live_map",
    "schemas",
)


def test_no_other_module_replaces_a_file_by_its_own_means() -> None:
    """`path.replace(path)` has one plain argument; for texts there are two, for dates they have names."""
    found = {
        str(path.relative_to(REPOSITORY))
        for room in ROOMS
        for path in (REPOSITORY / room).rglob("*.py")
        if _renames(path.read_text("utf-8"))
    }
    assert found == set(RENAME)


def _renames(text: str) -> bool:
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "replace"
        and len(call.args) == 1
        and not call.keywords
        for call in calls
    )
