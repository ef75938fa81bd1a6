"""One progress bar for all downloads."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from stack.console import console


class DownloadBar:
    """Byte counter for many threads."""

    def __init__(self, progress: Progress, task: TaskID, files: int) -> None:
        self._progress, self._task, self._files = progress, task, files
        self._done, self._expected, self._lock = 0, 0, Lock()

    def expect(self, size_bytes: int) -> None:
        """Add bytes to the expected total."""
        with self._lock:
            self._expected += size_bytes
            self._progress.update(self._task, total=self._expected)

    def advance(self, size_bytes: int) -> None:
        """Count received bytes."""
        self._progress.advance(self._task, size_bytes)

    def finish_file(self) -> None:
        """Count one complete file with the right hash."""
        with self._lock:
            self._done += 1
            self._progress.update(self._task, description=f"Java archives {self._done}/{self._files}")


@contextmanager
def download_progress(files: int) -> Iterator[DownloadBar]:
    """Show a bar on a terminal, and one line elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    if not console().is_terminal:
        console().print(f"downloading {files} Java archives", highlight=False)
    with Progress(*columns, console=console(), transient=True, disable=not console().is_terminal) as progress:
        yield DownloadBar(progress, progress.add_task(f"Java archives 0/{files}", total=None), files)
