"""What the program is asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.tlc_month import TlcMonth


@dataclass(frozen=True)
class ProcessingRequest:
    """Which months are to be processed, and where they lie."""

    months: Sequence[TlcMonth]
    raw: str
    processed: str
    fingerprints: Mapping[str, str]
    force: bool
    """Also take a month of which nearly all trips are quarantined."""
