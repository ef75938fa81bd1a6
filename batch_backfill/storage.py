"""Access folders and files through Hadoop: on this machine, s3a:// or hdfs://."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

S3_OF_EMR = "fs.s3.impl"


@dataclass(frozen=True)
class HadoopFile:
    """A file and its size."""

    path: str
    size: int

    @property
    def name(self) -> str:
        """Return the name without its folder."""
        return self.path.rpartition("/")[2]


def spark_path(path: str) -> str:
    """Escape a path for Spark's readers, which treat some characters as patterns."""
    return re.sub(r"[*?{}\[\]\\]", r"\\\g<0>", path)


class Storage:
    """The file systems that the session's Hadoop can reach."""

    def __init__(self, session: SparkSession) -> None:
        self._hadoop = session._jvm.org.apache.hadoop.fs
        self._parquet = session._jvm.org.apache.parquet.hadoop
        self._configuration = session._jsc.hadoopConfiguration()

    def files(self, folder: str) -> Sequence[HadoopFile]:
        """List the files directly in a folder, by name; empty if the folder does not exist."""
        if not self.exists(folder):
            return ()
        found = self._system(folder).listStatus(self.path(folder))
        listed = [HadoopFile(one.getPath().toString(), one.getLen()) for one in found if one.isFile()]
        return sorted(listed, key=lambda file: file.name)

    def folders(self, folder: str) -> Sequence[str]:
        """List the folders in it; empty if the folder does not exist."""
        if not self.exists(folder):
            return ()
        found = self._system(folder).listStatus(self.path(folder))
        return sorted(one.getPath().toString() for one in found if one.isDirectory())

    def exists(self, path: str) -> bool:
        """Return whether the file or folder exists."""
        return bool(self._system(path).exists(self.path(path)))

    def delete(self, path: str) -> None:
        """Delete it recursively, if it exists."""
        self._system(path).delete(self.path(path), True)

    def move(self, folder: str, target: str) -> None:
        """Move a folder to a path that must not exist; raises OSError on failure."""
        system, place = self._system(target), self.path(target)
        system.mkdirs(place.getParent())
        if not system.rename(self.path(folder), place):
            raise OSError(f"cannot move {folder} to {target}")

    def write_text(self, path: str, text: str) -> None:
        """Write or replace a small file."""
        stream = self._system(path).create(self.path(path), True)
        stream.write(bytearray(text.encode()))
        stream.close()

    def read_text(self, path: str) -> str:
        """Read a small file."""
        stream = self._system(path).open(self.path(path))
        text = bytes(stream.readAllBytes()).decode()
        stream.close()
        return text

    def blocks(self, path: str, size: int) -> Iterator[bytes]:
        """Yield the bytes of a file in blocks of `size`."""
        place = self.path(path).toUri()
        if place.getScheme() == "file":
            with Path(place.getPath()).open("rb") as file:
                while block := file.read(size):
                    yield block
            return
        stream = self._system(path).open(self.path(path))
        try:
            while block := bytes(stream.readNBytes(size)):
                yield block
        finally:
            stream.close()

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write or replace a file."""
        place = self._system(path).makeQualified(self.path(path)).toUri()
        if place.getScheme() == "file":
            _write_here(Path(place.getPath()), blocks)
            return
        stream = self._system(path).create(self.path(path), True)
        try:
            for block in blocks:
                stream.write(bytearray(block))
        finally:
            stream.close()

    def known(self, address: str) -> str:
        """Translate the address for this Hadoop: EMR's s3:// is s3a:// elsewhere."""
        scheme, _, place = address.partition("://")
        return f"s3a://{place}" if scheme == "s3" and not self._configuration.get(S3_OF_EMR) else address

    def path(self, text: str) -> Any:
        """Return Hadoop's Path object."""
        return self._hadoop.Path(text)

    @property
    def configuration(self) -> Any:
        """Return Hadoop's configuration."""
        return self._configuration

    def parquet(self) -> Any:
        """Return the JVM package that reads Parquet."""
        return self._parquet

    def _system(self, path: str) -> Any:
        return self.path(path).getFileSystem(self._configuration)


def _write_here(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file of this machine, without its bytes going through Java."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(blocks)
