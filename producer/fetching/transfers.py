"""Errands run side by side under one progress bar; Ctrl-C ends them at their next bytes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from producer.errors import StoppedByUser, UserError
from producer.fetching.download import FetchError, OnProgress
from producer.fetching.errands import Errand, Result


@dataclass(frozen=True)
class Outcome:
    """How an errand went."""

    title: str
    result: Result | None = None
    error: UserError | None = None


@dataclass
class Bar:
    """One bar for all transfers."""

    progress: Progress
    task: TaskID
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    is_stopped: bool = False

    def of(self, title: str) -> OnProgress:
        """Show how far the errand is."""

        def on_progress(done: int, total: int | None) -> None:
            if self.is_stopped:
                raise StoppedByUser
            self.seen[title] = (done, total or done)
            states = list(self.seen.values())
            completed, whole = (sum(numbers) for numbers in zip(*states, strict=True))
            self.progress.update(self.task, completed=completed, total=whole)

        return on_progress


def run_all(errands: Sequence[Errand], parallel: int, console: Console) -> list[Outcome]:
    """Bring everything; one failure does not hinder the others."""
    with _progress(console) as progress:
        bar = Bar(progress, progress.add_task(_described(errands), total=None))
        return _side_by_side(
            errands, parallel, lambda errand: errand.run(bar.of(errand.title)), lambda: _stop(bar)
        )


def look_at_all(errands: Sequence[Errand], parallel: int) -> list[Outcome]:
    """What `run_all` would bring."""
    return _side_by_side(errands, parallel, lambda errand: errand.look(), lambda: None)


def _stop(bar: Bar) -> None:
    bar.is_stopped = True


def _side_by_side(
    errands: Sequence[Errand], parallel: int, do: Callable[[Errand], Result], stop: Callable[[], None]
) -> list[Outcome]:
    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(_outcome, errand, do) for errand in errands]
        try:
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise StoppedByUser("stopped; the same command goes on where this one ended") from None


def _outcome(errand: Errand, do: Callable[[Errand], Result]) -> Outcome:
    try:
        return Outcome(errand.title, do(errand))
    except UserError as error:
        return Outcome(errand.title, error=error)
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(errand.title, error=FetchError(f"cannot fetch {errand.title}: {error}"))


def _described(errands: Sequence[Errand]) -> str:
    return errands[0].title if len(errands) == 1 else f"{len(errands)} files"


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
