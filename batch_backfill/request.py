"""Hold the request to the program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.tlc_month import TlcMonth


@dataclass(frozen=True)
class ProcessingRequest:
    """The months to process, and the folders of their files."""

    months: Sequence[TlcMonth]
    raw: str
    processed: str
    fingerprints: Mapping[str, str]
    force: bool
    """Also process a month of which nearly all trips are quarantined."""
