"""Start the services of a stack in parallel, each as soon as the one that it depends on is healthy."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from schemas.errors import UserError
from stack.console import console
from stack.endpoints import Endpoints
from stack.services.service import Service, Site
from stack.supervision.progress import ServiceProgress
from stack.supervision.startup_display import StartupDisplay
from stack.supervision.supervisor import ProgramState, Supervisor, log_files
from stack.waiting import StalledError, WaitProgress, wait_until

Hook = Callable[[Endpoints], None]
"""Function that sets up a service's content once the service answers."""

LAST_LOG_LINES = 15
MOST_EXITS = 5


class ServiceFailedError(UserError):
    """A service exited repeatedly before it was healthy."""


def start_services(site: Site, services: Sequence[Service], hooks: Mapping[str, Hook]) -> None:
    """Start stopped services and wait until all are healthy; the first failure ends every wait."""
    with (
        StartupDisplay([service.name for service in services]) as display,
        ThreadPoolExecutor(len(services)) as pool,
    ):
        futures = [
            pool.submit(_start_service, site, service, display, hooks.get(service.name))
            for service in services
        ]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            display.give_up()
            raise


def _start_service(site: Site, service: Service, display: StartupDisplay, hook: Hook | None) -> None:
    if service.starts_after:
        display.show(service.name, f"starts after {service.starts_after}")
        display.wait_for(service.starts_after)
    if service.begin is not None:
        display.show(service.name, "is being prepared")
        service.begin()
    Supervisor(site.home).start_service(service.name)
    detail = _wait_until_healthy(site, service, display)
    if service.finish is not None:
        service.finish()
    if hook is not None:
        hook(site.endpoints)
    display.done(service.name, detail)


def _wait_until_healthy(site: Site, service: Service, display: StartupDisplay) -> str:
    watch = _ServiceWatch(site, service, display)
    try:
        return wait_until(
            watch.attempt,
            what=service.name,
            progress=watch.progress,
            stalled_seconds=service.stalled_seconds,
            on_waiting=display.note,
        )
    except StalledError as stalled:
        raise _unhealthy(site, service, stalled) from stalled
    except ServiceFailedError as failure:
        raise _unhealthy(site, service, failure) from failure


class _ServiceWatch:
    """One service that is starting."""

    def __init__(self, site: Site, service: Service, display: StartupDisplay) -> None:
        self._service, self._display = service, display
        self._progress = ServiceProgress(site.home, service.name)
        self._asked = ServiceProgress(site.home, service.asked_through or service.name)
        self._exits = ExitCount()
        self._reason = "no answer yet"

    def attempt(self) -> str | None:
        """Return the service's health text; None while it is not healthy."""
        self._display.refuse_given_up(self._service.name)
        try:
            return self._service.check()
        except Exception as error:  # any error of a client library: the service is not ready yet
            self._reason = _first_line(error)
            self._display.show(self._service.name, self._reason)
            return None

    def progress(self) -> WaitProgress:
        """Return the progress, with the latest reason why it is not healthy; raises after repeated exits."""
        seen = self._progress()
        self._exits.note(self._progress.program)
        text = f"{self._reason}; {seen.text}" if seen.text else self._reason
        other = self._service.asked_through
        is_starting = other is not None and not self._display.is_done(other)
        return WaitProgress(text, (seen.marks, self._asked().marks if is_starting else None))


class ExitCount:
    """Counter of a service's starts since the first check."""

    def __init__(self) -> None:
        self._starts: set[int] = set()

    def note(self, program: ProgramState) -> None:
        """Raise ServiceFailedError after too many exits."""
        self._starts |= {program.started_at} if program.started_at else set()
        if program.state == "FATAL" or len(self._starts) > MOST_EXITS:
            times = f" {len(self._starts) - 1} times" if len(self._starts) > 1 else ""
            raise ServiceFailedError(f"it exited{times} and is {program.state}")


def _unhealthy(site: Site, service: Service, failure: UserError) -> UserError:
    """Print the last lines of the service's log, and return the error for users."""
    written = [path for path in log_files(site.home, service.name) if path.exists() and path.stat().st_size]
    lines = written[0].read_text(errors="replace").splitlines()[-LAST_LOG_LINES:] if written else []
    for line in lines:
        console().print(f"  {line}", markup=False, highlight=False)
    where = written[0] if written else site.logs
    return UserError(f"{service.name} is not healthy: {failure.message}", f"see {where}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
