"""The user's cache of Java archives."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from schemas.atomic_file import atomic_path
from stack.locks import file_lock
from stack.settings import StackSettings
from stack.toolchain.jars.lock import Artifact, locked_artifacts

PARALLEL_DOWNLOADS = 8


@dataclass(frozen=True)
class Store:
    """A folder laid out like a Maven repository, and the settings that fill it."""

    settings: StackSettings

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.settings.cache / "maven"

    def path_of(self, artifact: Artifact) -> Path:
        """Where this file is or will be."""
        return self.folder / artifact.path

    def is_good(self, artifact: Artifact) -> bool:
        """Whether the file is there and untouched since it was hashed: size and time stand for the hash."""
        with suppress(OSError):
            return _stamp_path(self.path_of(artifact)).read_text() == _stamp(self.path_of(artifact), artifact)
        return False

    def mark_good(self, artifact: Artifact) -> None:
        """Remember that the file has the locked hash."""
        path = self.path_of(artifact)
        _stamp_path(path).write_text(_stamp(path, artifact))


def ensure(component: str) -> list[Path]:
    """The paths of one component's archives, downloaded where missing or damaged."""
    return ensure_all([component])[component]


def ensure_all(components: Sequence[str], settings: StackSettings | None = None) -> dict[str, list[Path]]:
    """The paths of several components' archives; what is missing is fetched side by side."""
    store = Store(settings or StackSettings.from_environment())
    wanted = {component: locked_artifacts(component) for component in components}
    distinct = {artifact.path: artifact for artifacts in wanted.values() for artifact in artifacts}
    download_missing(store, distinct.values())
    return {component: [store.path_of(artifact) for artifact in wanted[component]] for component in wanted}


def download_missing(store: Store, artifacts: Iterable[Artifact]) -> None:
    """Have all these files in the store, by copy from ~/.m2 or by download."""
    wanted = list(artifacts)
    if all(store.is_good(artifact) for artifact in wanted):
        return
    store.folder.mkdir(parents=True, exist_ok=True)
    with file_lock(store.folder / ".lock", "another ./taxi is downloading Java archives; waiting for it"):
        missing = [artifact for artifact in wanted if not _recovered(store, artifact)]
        if missing:
            _download(store, missing)


def damaged_artifacts(store: Store, components: Sequence[str]) -> list[Artifact]:
    """The files that are there but have not the locked hash; reads every byte of them."""
    from stack.files import sha256_of  # noqa: PLC0415 - httpx is not needed for a warm start

    artifacts = [artifact for component in components for artifact in locked_artifacts(component)]
    present = [artifact for artifact in artifacts if store.path_of(artifact).exists()]
    return [artifact for artifact in present if sha256_of(store.path_of(artifact)) != artifact.sha256]


def _stamp_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.checked")


def _stamp(path: Path, artifact: Artifact) -> str:
    status = path.stat()
    return f"{artifact.sha256} {status.st_size} {status.st_mtime_ns}\n"


def _recovered(store: Store, artifact: Artifact) -> bool:
    """Whether the file is good, or can be made good from what this machine has."""
    from jgo.constants import default_maven_repo  # noqa: PLC0415 - imports a resolver that a warm start needs not

    from stack.files import sha256_of  # noqa: PLC0415 - httpx is not needed for a warm start

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
    from stack.toolchain.jars.download import client_of, fetch  # noqa: PLC0415 - httpx is not needed for a warm start
    from stack.toolchain.jars.download_progress import download_progress  # noqa: PLC0415
    from stack.toolchain.jars.maven_repository import configured_repository  # noqa: PLC0415

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
            # One file that cannot be had, or Ctrl-C: do not start the files that still wait.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
