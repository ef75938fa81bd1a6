"""Get TLC months from the nearest source: a folder of the user's, the cache, or the TLC's public download."""

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from producer.fetching.download import (
    DownloadSite,
    FetchError,
    NotPublishedError,
    OnProgress,
    RemoteFile,
    announced_bytes,
    download,
    no_progress,
)
from producer.parquet_check import damage
from producer.settings import ProducerSettings
from schemas.tlc_month import FIRST_MONTH, TlcMonth, parse_month, parse_months

ENDINGS = (".parquet", ".csv.gz", ".csv")

logger = logging.getLogger(__name__)


def months_dir(settings: ProducerSettings) -> Path:
    """Return the cache's folder of TLC months."""
    return settings.taxi_cache_dir / "months"


def folders(settings: ProducerSettings) -> list[Path]:
    """Return the local folders in search order."""
    return [*([settings.tlc_data_dir] if settings.tlc_data_dir else []), months_dir(settings)]


def find_month(month: TlcMonth, *, folders: Sequence[Path], endings: Sequence[str] = ENDINGS) -> Path | None:
    """Return the month's complete file (Parquet before CSV) in the first folder that has it."""
    stem = month.file_name.removesuffix(".parquet")
    candidates = (folder / f"{stem}{ending}" for folder in folders for ending in endings)
    return next((file for file in candidates if file.is_file() and _is_whole(file)), None)


def fetch_month(
    month: TlcMonth, *, site: DownloadSite, to: Path, on_progress: OnProgress = no_progress
) -> Path:
    """Download the month into the folder `to` unless it is present; raises FetchError with the cause."""
    target = to / month.file_name
    if target.is_file() and _is_whole(target):
        return target
    return download(remote_month(month, site), to, on_progress)


def remote_month(month: TlcMonth, site: DownloadSite) -> RemoteFile:
    """Return the month's file at the TLC."""
    remedy = (
        f"Set TLC_DATA_DIR to a folder with TLC files, or make a synthetic month: "
        f"./taxi generate --taxi-type {month.taxi_type} --month {month.text} --rows 100000 --seed 1"
    )
    return RemoteFile(site, month.file_name, str(month), damage, remedy)


def published_since(taxi_type: str, since: str, *, site: DownloadSite, today: date) -> tuple[TlcMonth, ...]:
    """Return the taxi type's months from `since`, or its first one, to the newest that is published."""
    earliest = parse_month("yellow", since).first_day
    began = max(earliest, FIRST_MONTH.get(taxi_type, earliest))
    if began > today:
        raise FetchError(f"--all-since {since} is in the future", "give a past month")
    candidates = parse_months(taxi_type, [f"{began:%Y-%m}:{today:%Y-%m}"])
    for newest in reversed(candidates):
        if _is_published(newest, site):
            return candidates[: candidates.index(newest) + 1]
    raise NotPublishedError(f"the TLC has not published any {taxi_type} month since {since} yet")


def _is_published(month: TlcMonth, site: DownloadSite) -> bool:
    try:
        announced_bytes(remote_month(month, site))
    except NotPublishedError:
        return False
    return True


def _is_whole(file: Path) -> bool:
    fault = damage(file) if file.suffix == ".parquet" else None
    if fault:
        logger.warning("skipping %s: %s", file, fault)
    return fault is None
