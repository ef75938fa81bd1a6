"""A machine whose clock is New York's, where the night of 10 March 2024 has no hour from two to three."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.settings import DEFAULT_PORTS, ROOT, StackSettings, port_variable
from tests.drills.change_audit import ChangeAudit
from tests.drills.drill import Drill
from tests.drills.rehearsal import Rehearsals
from tests.oracle.oracle import Oracle
from tests.platform import Platform
from tests.producer.months import green_parquet

ZONE = "America/New_York"
ZONE_FILE = Path("/usr/share/zoneinfo") / ZONE
MONTH = "2024-03"
"""The TLC's own month of March 2020 has 364 windows in the hour that is not there."""


@dataclass(frozen=True)
class Machine:
    """How a command is run as on a machine of that zone, and what could not be had."""

    prefix: tuple[str, ...]
    lacking: str = ""

    def run(self, *arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
        """`./taxi` there; fails the test where it fails."""
        ports = {port_variable(service): "auto" for service in DEFAULT_PORTS}
        environment = {**os.environ, **ports, "TAXI_HOME": str(home), "TZ": ZONE, "PGTZ": ZONE}
        if not self.lacking:
            del environment["TZ"]  # then /etc/localtime decides
        command = [*self.prefix, str(ROOT / "taxi"), *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done


def machine(folder: Path) -> Machine:
    """One whose /etc says New York, by a mount that its processes alone see; else by a variable."""
    if not ZONE_FILE.exists():
        return Machine((), f"there is no {ZONE_FILE}")
    etc = folder / "etc"
    # What may not be read stays out, and what is a link stays one.
    subprocess.run(["cp", "-a", "/etc", str(etc)], capture_output=True, check=False)
    for name in ("localtime", "timezone"):
        (etc / name).unlink(missing_ok=True)
    (etc / "localtime").symlink_to(ZONE_FILE)
    (etc / "timezone").write_text(f"{ZONE}\n")
    user = () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    mounted = ("sh", "-c", 'mount --bind "$0" /etc && exec "$@"', str(etc))
    prefix = ("unshare", "--mount", *user, *mounted)
    tried = subprocess.run([*prefix, "date", "+%Z"], capture_output=True, text=True, check=False)
    if tried.returncode or not tried.stdout.startswith("E"):
        return Machine((), f"no mount of one's own ({tried.stderr.strip() or tried.stdout.strip()})")
    return Machine(prefix)


@pytest.fixture
def host(stack_settings: StackSettings, tmp_path: Path) -> Iterator[tuple[Machine, Endpoints]]:
    """A stack on such a machine, in a home of its own."""
    settings = replace(stack_settings, home=stack_settings.home.with_name("host-zone"))
    found = machine(tmp_path)
    if found.lacking:
        print(f"only by TZ={ZONE}: {found.lacking}")  # noqa: T201 - the reason of what is left out
    with file_lock(settings.home.with_suffix(".lock"), "another test session has the stack; waiting for it"):
        found.run("down", "--purge", home=settings.home)
        try:
            found.run("up", home=settings.home)
            yield found, Endpoints.of_running_stack(settings)
        finally:
            found.run("down", "--purge", home=settings.home)


@pytest.mark.drill("host-zone")
def test_an_hour_that_the_host_does_not_have_is_served_as_it_was_written(
    host: tuple[Machine, Endpoints], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    there, endpoints = host
    # 02:10:01, 02:10:02, 02:10:03 and 03:10:05 in zone 74, and a trip a quarter of an hour through two days.
    night = [
        {
            "lpep_pickup_datetime": f"2024-03-10 {pickup}",
            "lpep_dropoff_datetime": f"2024-03-10 {dropoff}",
            "total_amount": total,
        }
        for pickup, dropoff, total in (
            ("01:55:00", "02:10:01", 3.0),
            ("01:55:30", "02:10:02", 3.0),
            ("02:00:00", "02:10:03", 4.0),
            ("02:59:59", "03:10:05", 50.0),
        )
    ]
    days = [
        {
            "lpep_pickup_datetime": f"2024-03-{day:02} {hour:02}:05:00",
            "lpep_dropoff_datetime": f"2024-03-{day:02} {hour:02}:20:00",
            "PULocationID": 41,
        }
        for day in (9, 10)
        for hour in range(24)
    ]
    file = green_parquet(tmp_path, *night, *days, name=f"green_tripdata_{MONTH}.parquet")

    there.run("job", "deploy", home=endpoints.home)
    there.run("replay", file, home=endpoints.home)
    there.run("audit", "--wait", "120", home=endpoints.home)

    platform = Platform(endpoints)
    rehearsals = Rehearsals(endpoints, tmp_path)
    with ChangeAudit.installed(platform) as audit:
        drill = Drill(platform, audit, rehearsals, 0, tmp_path, record_property)
        drill.assert_exact(Oracle([file], "green", MONTH))
    windows = platform.query(
        "select window_end::text, trips, total_amount_cents from taxi.zone_fares_15m"
        " where pickup_zone_id = 74 and window_end in ('2024-03-10 02:15', '2024-03-10 03:15') order by 1"
    )
    assert windows == [("2024-03-10 02:15:00", 3, 1000), ("2024-03-10 03:15:00", 1, 5000)]
