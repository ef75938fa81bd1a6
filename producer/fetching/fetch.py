"""Run the `fetch` command: TLC months and zones, from the nearest source into a folder or a bucket."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal

from producer.fetching.download import DownloadSite, UnreachableError
from producer.fetching.download_tasks import DownloadTask, MonthFetch, MonthToBucket, MonthToFolder, ZoneFile
from producer.fetching.month_files import published_since
from producer.fetching.object_store import S3Prefix
from producer.fetching.reissue import ReissueCheck, lines_of
from producer.fetching.transfers import DownloadOutcome, locate_all, run_all
from producer.fetching.zone_files import remote_zone_files
from producer.settings import ProducerSettings, zones_dir
from schemas.aws import is_s3_uri
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_months

MOST_PARALLEL = 32


def fetch(  # noqa: PLR0913, PLR0917 - one parameter an option
    taxi_type: Annotated[
        list[str] | None, typer.Option(help="yellow, green or fhvhv; may be repeated.")
    ] = None,
    month: Annotated[
        list[str] | None, typer.Option(help="2024-01, or a range 2024-01:2024-06; may be repeated.")
    ] = None,
    all_since: Annotated[str | None, typer.Option(help="Every published month from this one on.")] = None,
    zones: Annotated[
        bool, typer.Option("--zones", help="Fetch the zone lookup and the zone shapes into the cache.")
    ] = False,
    to: Annotated[
        str | None, typer.Option(help="Target folder or s3://bucket/prefix; default: the cache.")
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=MOST_PARALLEL, help="Number of parallel downloads.")
    ] = 4,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be fetched; fetch nothing.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Replace months that the TLC has re-issued.")
    ] = False,
) -> None:
    """Fetch TLC months from TLC_DATA_DIR, the cache, or the TLC's public download."""
    settings = ProducerSettings.from_environment()
    months = _wanted(taxi_type or [], month or [], all_since, settings)
    if not months and not zones:
        raise UserError("nothing to fetch", "add --month 2024-01, --all-since 2024-01 or --zones")
    tasks = _zone_tasks(settings) if zones else []
    tasks += _month_tasks(months, to, settings, refresh=refresh) if months else []
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    outcomes = locate_all(tasks, parallel) if dry_run else run_all(tasks, parallel, console)
    _report(outcomes, console, is_dry=dry_run)


def _wanted(
    taxi_types: Sequence[str], months: Sequence[str], since: str | None, settings: ProducerSettings
) -> list[TlcMonth]:
    """Return every requested month once."""
    if (months or since) and not taxi_types:
        raise UserError("no taxi type is given", "add --taxi-type yellow, green or fhvhv")
    today, site = datetime.now(UTC).date(), DownloadSite(settings.tlc_base_url)
    named = {one for taxi_type in taxi_types for one in parse_months(taxi_type, months)}
    return sorted(named | _published(taxi_types, since, site, today))


def _published(
    taxi_types: Sequence[str], since: str | None, site: DownloadSite, today: date
) -> set[TlcMonth]:
    if since is None:
        return set()
    return {
        month
        for taxi_type in taxi_types
        for month in published_since(taxi_type, since, site=site, today=today)
    }


def _zone_tasks(settings: ProducerSettings) -> list[DownloadTask]:
    return [ZoneFile(remote, zones_dir(settings.taxi_cache_dir)) for remote in remote_zone_files(settings)]


def _month_tasks(
    months: Sequence[TlcMonth], to: str | None, settings: ProducerSettings, *, refresh: bool
) -> list[DownloadTask]:
    check = ReissueCheck()
    fetches = [MonthFetch(month, settings, check, refresh) for month in months]
    if to is None or not is_s3_uri(to):
        return [MonthToFolder(one, Path(to) if to else None) for one in fetches]
    bucket = S3Prefix.of(to, endpoint_url=settings.s3_endpoint_url)
    bucket.check()
    return [MonthToBucket(one, bucket) for one in fetches]


def _report(outcomes: Sequence[DownloadOutcome], console: Console, *, is_dry: bool) -> None:
    """Print one line per file on stdout; failures and the totals on stderr."""
    for line in filter(None, (_line(outcome, is_dry=is_dry) for outcome in outcomes)):
        typer.echo(line)
    for line in [*_reissue_lines(outcomes), *_failure_lines(outcomes)]:
        console.print(line)
    console.print(_summary(outcomes, is_dry=is_dry))
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _line(outcome: DownloadOutcome, *, is_dry: bool) -> str | None:
    result = outcome.result
    if result is None:
        return None
    if result.reissue and result.reissue.is_taken:
        return f"{outcome.title} (re-issued): {result.location}"
    if result.was_there:
        since = ", re-issued since" if result.reissue else ""
        return f"{outcome.title} (already present{since}): {result.location}"
    size = "" if result.size is None else f", {result.size:,} bytes"
    return (
        f"{outcome.title} (to fetch{size}): {result.location}"
        if is_dry
        else f"{outcome.title}: {result.location}"
    )


def _reissue_lines(outcomes: Sequence[DownloadOutcome]) -> list[str]:
    results = [(outcome.title, outcome.result) for outcome in outcomes if outcome.result]
    return [
        line
        for title, result in results
        if result.reissue
        for line in lines_of(title, result.location, result.reissue)
    ]


def _failure_lines(outcomes: Sequence[DownloadOutcome]) -> list[str]:
    """Return one line per failure, but only one for a site that is down, for any number of files."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    unreachable = [str(error) for error in errors if isinstance(error, UnreachableError)]
    others = [str(error) for error in errors if not isinstance(error, UnreachableError)]
    return list(dict.fromkeys(others)) + unreachable[:1]


def _summary(outcomes: Sequence[DownloadOutcome], *, is_dry: bool) -> str:
    results = [outcome.result for outcome in outcomes if outcome.result]
    sizes = [result.size or 0 for result in results if not result.was_there]
    there, failed = len(results) - len(sizes), len(outcomes) - len(results)
    done, ending = ("to fetch", "; --dry-run: nothing was fetched") if is_dry else ("fetched", "")
    return f"{len(sizes)} {done} ({decimal(sum(sizes))}), {there} already present, {failed} failed{ending}"
