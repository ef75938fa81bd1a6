"""Fill the store with Java archives, in parallel: from ~/.m2, or by download."""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.constants import default_maven_repo

from schemas.atomic_file import atomic_path
from stack.files import sha256_of
from stack.locks import file_lock
from stack.toolchain.jars.download import client_of, fetch
from stack.toolchain.jars.download_progress import download_progress
from stack.toolchain.jars.lock import Artifact
from stack.toolchain.jars.maven_repository import configured_repository
from stack.toolchain.jars.store import Store

PARALLEL_DOWNLOADS = 8


def fill(store: Store, wanted: Sequence[Artifact]) -> None:
    """Put every file into the store with its hash checked; one process at a time."""
    store.folder.mkdir(parents=True, exist_ok=True)
    with file_lock(store.folder / ".lock", "another ./taxi is downloading Java archives; waiting for it"):
        missing = [artifact for artifact in wanted if not _recovered(store, artifact)]
        if missing:
            _download(store, missing)


def _recovered(store: Store, artifact: Artifact) -> bool:
    """Return whether the file is good, or could be restored from local files."""
    if store.is_good(artifact):
        return True
    path = store.path_of(artifact)
    for candidate in (path, default_maven_repo() / artifact.path):
        if candidate.is_file() and sha256_of(candidate) == artifact.sha256:
            _take(candidate, path)
            store.mark_good(artifact)
            return True
    path.unlink(missing_ok=True)
    return False


def _take(candidate: Path, path: Path) -> None:
    if candidate == path:
        return
    with atomic_path(path) as draft:
        shutil.copyfile(candidate, draft)


def _download(store: Store, artifacts: Sequence[Artifact]) -> None:
    source = configured_repository(store.settings)

    with download_progress(len(artifacts)) as bar, client_of(source) as client:

        def download_one(artifact: Artifact) -> None:
            fetch(client, source, artifact, store.path_of(artifact), expect=bar.expect, advance=bar.advance)
            store.mark_good(artifact)
            bar.finish_file()

        _in_parallel(download_one, artifacts)


def _in_parallel(download_one: Callable[[Artifact], None], artifacts: Sequence[Artifact]) -> None:
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        futures = [pool.submit(download_one, artifact) for artifact in artifacts]
        try:
            for future in futures:
                future.result()
        except BaseException:
            # After a failed file or Ctrl-C: do not start the files that still wait.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
