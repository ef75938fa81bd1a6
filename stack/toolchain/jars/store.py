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
    """A folder with the layout of a Maven repository, and the settings that fill it."""

    settings: StackSettings

    @property
    def folder(self) -> Path:
        """The folder with the files."""
        return self.settings.cache / "maven"

    def path_of(self, artifact: Artifact) -> Path:
        """Return the path of a file, present or not."""
        return self.folder / artifact.path

    def is_good(self, artifact: Artifact) -> bool:
        """Return whether the file is unchanged since its hash was checked, by size and modification time."""
        with suppress(OSError):
            return _stamp_path(self.path_of(artifact)).read_text() == _stamp(self.path_of(artifact), artifact)
        return False

    def mark_good(self, artifact: Artifact) -> None:
        """Record that the file has the locked hash."""
        path = self.path_of(artifact)
        _stamp_path(path).write_text(_stamp(path, artifact))


def ensure(component: str) -> list[Path]:
    """Return the paths of one component's archives; download missing or damaged ones."""
    return ensure_all([component])[component]


def ensure_all(components: Sequence[str], settings: StackSettings | None = None) -> dict[str, list[Path]]:
    """Return the paths of several components' archives; download missing ones in parallel."""
    store = Store(settings or StackSettings.from_environment())
    wanted = {component: locked_artifacts(component) for component in components}
    distinct = {artifact.path: artifact for artifacts in wanted.values() for artifact in artifacts}
    download_missing(store, distinct.values())
    return {component: [store.path_of(artifact) for artifact in wanted[component]] for component in wanted}


def download_missing(store: Store, artifacts: Iterable[Artifact]) -> None:
    """Put all these files into the store, by copy from ~/.m2 or by download."""
    wanted = list(artifacts)
    if not all(store.is_good(artifact) for artifact in wanted):
        # By name: the module loads an HTTP client and a resolver, which a full store does not need.
        resolve_name("stack.toolchain.jars.filling:fill")(store, wanted)


def damaged_artifacts(store: Store, components: Sequence[str]) -> list[Artifact]:
    """Return the present files without the locked hash; reads every byte of them."""
    artifacts = [artifact for component in components for artifact in locked_artifacts(component)]
    present = [artifact for artifact in artifacts if store.path_of(artifact).exists()]
    return [artifact for artifact in present if sha256_of(store.path_of(artifact)) != artifact.sha256]


def _stamp_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.checked")


def _stamp(path: Path, artifact: Artifact) -> str:
    status = path.stat()
    return f"{artifact.sha256} {status.st_size} {status.st_mtime_ns}\n"
