"""Folders and files wherever Hadoop finds them: on this machine, s3a:// or hdfs://."""

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
        """Without its folder."""
        return self.path.rpartition("/")[2]


def spark_path(path: str) -> str:
    """A path as Spark's readers take it: they would see patterns in some characters."""
    return re.sub(r"[*?{}\[\]\\]", r"\\\g<0>", path)


class Storage:
    """What the session's Hadoop can reach."""

    def __init__(self, session: SparkSession) -> None:
        self._hadoop = session._jvm.org.apache.hadoop.fs
        self._parquet = session._jvm.org.apache.parquet.hadoop
        self._configuration = session._jsc.hadoopConfiguration()

    def files(self, folder: str) -> Sequence[HadoopFile]:
        """The files that lie in a folder itself, by name; none where there is no folder."""
        if not self.exists(folder):
            return ()
        found = self._system(folder).listStatus(self.path(folder))
        listed = [HadoopFile(one.getPath().toString(), one.getLen()) for one in found if one.isFile()]
        return sorted(listed, key=lambda file: file.name)

    def folders(self, folder: str) -> Sequence[str]:
        """The folders in it; none where there is no such folder."""
        if not self.exists(folder):
            return ()
        found = self._system(folder).listStatus(self.path(folder))
        return sorted(one.getPath().toString() for one in found if one.isDirectory())

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return bool(self._system(path).exists(self.path(path)))

    def delete(self, path: str) -> None:
        """Remove it with all that is in it, if it is there."""
        self._system(path).delete(self.path(path), True)

    def move(self, folder: str, target: str) -> None:
        """Give a folder another place, where nothing may be; raises OSError when it cannot be."""
        system, place = self._system(target), self.path(target)
        system.mkdirs(place.getParent())
        if not system.rename(self.path(folder), place):
            raise OSError(f"{folder} cannot be moved to {target}")

    def write_text(self, path: str, text: str) -> None:
        """Write or replace a small file."""
        stream = self._system(path).create(self.path(path), True)
        stream.write(bytearray(text.encode()))
        stream.close()

    def read_text(self, path: str) -> str:
        """A small file."""
        stream = self._system(path).open(self.path(path))
        text = bytes(stream.readAllBytes()).decode()
        stream.close()
        return text

    def blocks(self, path: str, size: int) -> Iterator[bytes]:
        """The bytes of a file, so many at a time."""
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
        stream = self._system(path).create(self.path(path), True)
        try:
            for block in blocks:
                stream.write(bytearray(block))
        finally:
            stream.close()

    def known(self, address: str) -> str:
        """The address as this Hadoop knows it: what EMR calls s3:// is s3a:// elsewhere."""
        scheme, _, place = address.partition("://")
        return f"s3a://{place}" if scheme == "s3" and not self._configuration.get(S3_OF_EMR) else address

    def path(self, text: str) -> Any:
        """Hadoop's path."""
        return self._hadoop.Path(text)

    @property
    def configuration(self) -> Any:
        """Hadoop's settings."""
        return self._configuration

    def parquet(self) -> Any:
        """The library that reads Parquet."""
        return self._parquet

    def _system(self, path: str) -> Any:
        return self.path(path).getFileSystem(self._configuration)
