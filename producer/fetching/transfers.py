"""Run downloads in parallel under one progress bar; Ctrl-C ends them at their next bytes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from producer.errors import StoppedByUser, UserError
from producer.fetching.download import FetchError, OnProgress
from producer.fetching.download_tasks import DownloadResult, DownloadTask


@dataclass(frozen=True)
class DownloadOutcome:
    """The result of one download."""

    title: str
    result: DownloadResult | None = None
    error: UserError | None = None


@dataclass
class TransferBar:
    """One progress bar for all transfers."""

    progress: Progress
    task: TaskID
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    is_stopped: bool = False

    def of(self, title: str) -> OnProgress:
        """Return the callback that reports the progress of one download."""

        def on_progress(done: int, total: int | None) -> None:
            if self.is_stopped:
                raise StoppedByUser
            self.seen[title] = (done, total or done)
            states = list(self.seen.values())
            completed, whole = (sum(numbers) for numbers in zip(*states, strict=True))
            self.progress.update(self.task, completed=completed, total=whole)

        return on_progress


def run_all(tasks: Sequence[DownloadTask], parallel: int, console: Console) -> list[DownloadOutcome]:
    """Run all downloads; one failure does not stop the others."""
    with _progress(console) as progress:
        bar = TransferBar(progress, progress.add_task(_described(tasks), total=None))
        return _in_parallel(tasks, parallel, lambda task: task.run(bar.of(task.title)), lambda: _stop(bar))


def locate_all(tasks: Sequence[DownloadTask], parallel: int) -> list[DownloadOutcome]:
    """Return what `run_all` would fetch."""
    return _in_parallel(tasks, parallel, lambda task: task.locate(), lambda: None)


def _stop(bar: TransferBar) -> None:
    bar.is_stopped = True


def _in_parallel(
    tasks: Sequence[DownloadTask],
    parallel: int,
    do: Callable[[DownloadTask], DownloadResult],
    stop: Callable[[], None],
) -> list[DownloadOutcome]:
    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(_outcome, task, do) for task in tasks]
        try:
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise StoppedByUser("stopped; run the same command again to resume") from None


def _outcome(task: DownloadTask, do: Callable[[DownloadTask], DownloadResult]) -> DownloadOutcome:
    try:
        return DownloadOutcome(task.title, do(task))
    except UserError as error:
        return DownloadOutcome(task.title, error=error)
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        return DownloadOutcome(task.title, error=FetchError(f"cannot fetch {task.title}: {error}"))


def _described(tasks: Sequence[DownloadTask]) -> str:
    return tasks[0].title if len(tasks) == 1 else f"{len(tasks)} files"


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
