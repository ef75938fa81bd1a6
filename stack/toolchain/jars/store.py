"""The user's cache of Java archives."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

from stack.files import sha256_of
from stack.settings import StackSettings
from stack.toolchain.jars.lock import Artifact, locked_artifacts


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
    if not all(store.is_good(artifact) for artifact in wanted):
        # By name: it brings an HTTP client and a resolver, for which a full store has no use.
        resolve_name("stack.toolchain.jars.filling:fill")(store, wanted)


def damaged_artifacts(store: Store, components: Sequence[str]) -> list[Artifact]:
    """The files that are there but have not the locked hash; reads every byte of them."""
    artifacts = [artifact for component in components for artifact in locked_artifacts(component)]
    present = [artifact for artifact in artifacts if store.path_of(artifact).exists()]
    return [artifact for artifact in present if sha256_of(store.path_of(artifact)) != artifact.sha256]


def _stamp_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.checked")


def _stamp(path: Path, artifact: Artifact) -> str:
    status = path.stat()
    return f"{artifact.sha256} {status.st_size} {status.st_mtime_ns}\n"
