"""`up`, `down` and `status`: compose the services into one stack."""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType

from schemas.errors import UserError
from stack.console import console
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.port_choice import choose_extra_port, choose_ports
from stack.security import profiles
from stack.security.issuing import prepared_secrets
from stack.services import s3
from stack.services.postgres_installation import data_folder, private_folder
from stack.services.service import Service, Site
from stack.settings import FLINK, KAFKA, POSTGRES, REGISTRY, StackSettings
from stack.startup import Hook, start_services
from stack.state import recorded_as_left_out, recorded_extras, recorded_ports, remove_record, write_record
from stack.supervision.identity import SUPERVISOR_SERVICE
from stack.supervision.processes import OwnProcess, end_processes, own_processes
from stack.supervision.program import Program
from stack.supervision.progress import LogGrowth
from stack.supervision.supervisor import Supervisor
from stack.toolchain.jars import ensure_all
from stack.toolchain.java_build import ensure_reporter_jar
from stack.waiting import wait_until

# Removed from the home by `down --purge`; environments and built jars stay.
STATE_FOLDERS = (
    *("airflow", "s3", "history", "spark-runs"),
    *("kafka", "registry", "flink", "postgres", "keeper", "jobs", "replays"),
    *("dbt", "map", "marts", "logs", "monitoring", "bench", "run", "tmp", "secrets"),
)

SERVICES = (
    "stack.services.kafka:kafka",
    "stack.services.registry:registry",
    "stack.services.flink:jobmanager",
    "stack.services.flink:taskmanager",
    "stack.services.postgres:postgres",
    "stack.services.metrics:metrics",
    "stack.services.keeper:keeper",
)
"""Import paths, resolved on demand: the modules load the slow clients of Kafka and Postgres."""
EXTRAS: Mapping[str, str] = {
    "map": "stack.services.live_map:services",
    "airflow": "stack.services.airflow:services",
    "s3": "stack.services.s3:services",
}
"""The optional services of a stack, and the function that creates the processes of each."""
STANDARD_EXTRAS = frozenset({"map"})
"""Optional services that are on by default."""


@dataclass(frozen=True)
class ServiceStatus:
    """The health of one service."""

    name: str
    healthy: bool
    state: str
    detail: str


def services_of(site: Site) -> list[Service]:
    """Return every service of the stack."""
    return [
        *(resolve_name(name)(site) for name in SERVICES),
        *(service for name in site.extra_ports for service in resolve_name(EXTRAS[name])(site)),
    ]


def up(
    settings: StackSettings | None = None,
    *,
    extras: Collection[str] = (),
    secure: bool = False,
    hooks: Mapping[str, Hook] = MappingProxyType({}),
) -> Endpoints:
    """Start stopped services, repair incomplete ones, and wait until every service is healthy.

    `extras` names optional services; those that this stack had before are kept. Each of the `hooks` is called
    once when the service of that name is healthy, before the services that start after it.
    """
    settings = settings or StackSettings.from_environment()
    _refuse_unknown(extras)
    _make_folder("TAXI_HOME", settings.home)
    _make_folder("TAXI_CACHE_DIR", settings.cache)
    with _one_at_a_time(settings.home):
        wanted = {*extras, *(STANDARD_EXTRAS - recorded_as_left_out(settings.home))}
        site = _site_of_running_supervisor(settings)
        secure = profiles.chosen(settings.home, wanted=secure, data=data_folder(settings.home))
        _refuse_unlocked({*wanted, *_known_extras(settings.home)}, secure=secure)
        if (
            site is not None
            and not wanted - site.extra_ports.keys()
            and all(status.healthy for status in statuses(site))
        ):
            console().print("the stack is already up", highlight=False)
            return site.endpoints
        site = _with_extras(site, wanted) if site else _fresh_supervisor(settings, wanted, secure=secure)
        _update_services(site)
        start_services(site, services_of(site), hooks)
    return site.endpoints


def down(settings: StackSettings | None = None, *, purge: bool = False) -> None:
    """Stop every process of this stack; with `purge` remove its data too."""
    settings = settings or StackSettings.from_environment()
    if purge:
        _refuse_wrong_home(settings.home)
    if not settings.home.exists():
        console().print(f"there is no stack in {settings.home}", highlight=False)
        return
    with _one_at_a_time(settings.home):
        ended = _end_all(settings.home)
        names = ", ".join(sorted({own.service for own in ended}))
        console().print(f"stopped: {names}" if ended else "the stack is not running", highlight=False)
        if purge:
            remove_record(settings.home)
            _purge(settings.home)


def leave_out(settings: StackSettings, names: Collection[str]) -> None:
    """Stop optional services of a running stack and remove them from its record; their data stay."""
    _refuse_unknown(names)
    with _one_at_a_time(settings.home):
        site = running_site(settings)
        kept = {name: port for name, port in site.extra_ports.items() if name not in names}
        smaller = replace(site, extra_ports=kept)
        _remember(smaller, left_out=names)
        Supervisor(site.home).change_to(_programs(smaller))
        stay = {service.name for service in services_of(smaller)} | {SUPERVISOR_SERVICE}
        end_processes(own for own in stack_processes(site.home) if own.service not in stay)


def statuses(site: Site) -> list[ServiceStatus]:
    """Check the health of every service at once."""
    states = Supervisor(site.home).states()
    checks = {service.name: service.check for service in services_of(site)}
    return _statuses(checks, {name: states.get(name, "STOPPED").lower() for name in checks})


def statuses_of_endpoints(endpoints: Endpoints) -> list[ServiceStatus]:
    """Check at once each service that the environment gives an address of."""
    given = endpoints.as_environment()
    checks = {
        name: partial(resolve_name(check), address)
        for name, variable, check, address in (
            ("kafka", KAFKA, "stack.services.kafka:broker_count", endpoints.kafka),
            ("registry", REGISTRY, "stack.services.registry:subject_count", endpoints.schema_registry_url),
            ("flink", FLINK, "stack.services.flink:slot_count", endpoints.flink_rest_url),
            ("postgres", POSTGRES, "stack.database:server_version", endpoints.postgres_dsn),
        )
        if variable in given
    }
    return _statuses(checks, dict.fromkeys(checks, "given"))


def running_site(settings: StackSettings) -> Site:
    """Return the running stack; raises UserError when none runs."""
    site = _site_of_running_supervisor(settings)
    if site is None:
        raise UserError("the stack is not running", "start it with ./taxi up")
    return site


def stack_processes(home: Path) -> list[OwnProcess]:
    """Return every live process of the stack in this home."""
    return own_processes(home, data_folder(home))


def _make_folder(variable: str, folder: Path) -> None:
    """Create the folder of a setting, or raise UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"{variable}={folder} cannot be created ({reason})", "set it to another folder"
        ) from error


def _one_at_a_time(home: Path) -> AbstractContextManager[None]:
    return file_lock(home / "up.lock", "another ./taxi is starting or stopping this stack; waiting for it")


def _site_of_running_supervisor(settings: StackSettings) -> Site | None:
    ports = recorded_ports(settings.home)
    if ports is None or not Supervisor(settings.home).is_alive():
        return None
    return Site(settings, ports, _known_extras(settings.home), profiles.recorded_secrets(settings.home))


def _remember(site: Site, left_out: Collection[str] = ()) -> None:
    left_out = STANDARD_EXTRAS & {*recorded_as_left_out(site.home), *left_out} - site.extra_ports.keys()
    secure = site.secrets is not None
    write_record(site.home, site.ports, site.extra_ports, left_out=left_out, secure=secure)


def _known_extras(home: Path) -> dict[str, int]:
    return {name: port for name, port in recorded_extras(home).items() if name in EXTRAS}


def _refuse_unknown(extras: Collection[str]) -> None:
    unknown = sorted(set(extras) - EXTRAS.keys())
    if unknown:
        raise UserError(f"there is no optional service {unknown[0]}", f"choose from: {', '.join(EXTRAS)}")


def _with_extras(site: Site, extras: Collection[str]) -> Site:
    """Return the same stack with added services, and record them."""
    chosen = _extra_ports(site.settings, set(extras) - site.extra_ports.keys())
    grown = replace(site, extra_ports={**site.extra_ports, **chosen})
    _remember(grown)
    return grown


def _extra_ports(settings: StackSettings, names: Collection[str]) -> dict[str, int]:
    before, movable = recorded_extras(settings.home), settings.movable_ports
    return {
        name: choose_extra_port(name, settings.extra_ports[name], before.get(name), movable=name in movable)
        for name in sorted(names)
    }


def _refuse_unlocked(extras: Collection[str], *, secure: bool) -> None:
    if secure and s3.NAME in extras:
        raise UserError(
            f"{s3.NAME} is not possible on a secure stack, because its key is public",
            "leave it out, or set TAXI_HOME to run it on another stack",
        )


def _fresh_supervisor(settings: StackSettings, extras: Collection[str], *, secure: bool) -> Site:
    """Stop the remains of an earlier stack, prepare every service and start a supervisord."""
    left = _end_all(settings.home)
    if left:
        names = ", ".join(sorted({own.service for own in left}))
        console().print(f"stopped the remaining processes of an earlier stack: {names}", highlight=False)
    previous = recorded_ports(settings.home)
    wanted = {*extras, *_known_extras(settings.home)}
    ports = choose_ports(settings.ports, previous)
    secrets = prepared_secrets(settings.home, ports) if secure else None
    site = Site(settings, ports, _extra_ports(settings, wanted), secrets)
    ensure_all(("kafka", "registry", "flink", "ecj", *(("postgres",) if secure else ())), settings)
    ensure_reporter_jar()
    Supervisor(site.home).launch(_programs(site))
    _remember(site)
    wait_until(
        Supervisor(site.home).is_alive,
        what="supervisord",
        progress=LogGrowth([site.logs / f"{SUPERVISOR_SERVICE}.log"]),
    )
    return site


def _update_services(site: Site) -> None:
    """Add missing services to a stack of an earlier version, and replace those whose module has moved."""
    supervisor = Supervisor(site.home)
    names, known = {service.name for service in services_of(site)}, supervisor.states().keys()
    outdated = names & known & supervisor.outdated_programs()
    if outdated or names - known:
        supervisor.change_to(_programs(site), outdated)


def _programs(site: Site) -> dict[str, Program]:
    services = services_of(site)
    with ThreadPoolExecutor(len(services)) as pool:
        prepared = pool.map(lambda service: service.prepare(), services)
        return dict(zip((service.name for service in services), prepared, strict=True))


def _statuses(checks: Mapping[str, Callable[[], str]], states: Mapping[str, str]) -> list[ServiceStatus]:
    with ThreadPoolExecutor(len(checks)) as pool:
        return list(pool.map(lambda name: _status(name, checks[name], states[name]), checks))


def _status(name: str, check: Callable[[], str], state: str) -> ServiceStatus:
    try:
        return ServiceStatus(name, True, state, check())
    except Exception as error:  # any error of a client library is the answer
        reason = str(error).strip().splitlines() or [type(error).__name__]
        return ServiceStatus(name, False, state, reason[0])


def _end_all(home: Path) -> Sequence[OwnProcess]:
    ended = stack_processes(home)
    left = end_processes(ended)
    if left:
        names = ", ".join(f"{own.service} (pid {own.process.pid})" for own in left)
        raise UserError(f"still running: {names}", "kill these processes")
    return ended


def _refuse_wrong_home(home: Path) -> None:
    """Raise UserError for a folder that ./taxi did not create: a purge cannot be undone."""
    if home in {Path("/"), Path.home()} or home in Path.home().parents:
        raise UserError(f"TAXI_HOME={home} is not a folder of a stack", "set it to a folder of its own")
    foreign = home.exists() and any(home.iterdir()) and not (home / "up.lock").exists()
    if foreign:
        raise UserError(f"{home} was not created by ./taxi", "set TAXI_HOME to the folder of the stack")


def _purge(home: Path) -> None:
    folders = [home / name for name in STATE_FOLDERS] + [private_folder(home)]
    removed = [folder for folder in folders if folder.exists()]
    for folder in removed:
        shutil.rmtree(folder)
    names = ", ".join(str(folder) for folder in removed)
    console().print(f"removed: {names}" if removed else "there was no data to remove", highlight=False)
