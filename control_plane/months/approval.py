"""The approval that is required before trips are withdrawn."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from control_plane.sink.publication import LARGEST_WITHDRAWN_SHARE, Comparison
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth


@dataclass(frozen=True)
class Approval:
    """The consent given by options; `ask` prompts a user at the terminal."""

    yes: bool
    force: bool
    confirm: Callable[[str], bool]

    @classmethod
    def at_terminal(cls, *, yes: bool, force: bool) -> "Approval":
        """Read the consent from the options; prompt only where a user can answer."""
        return cls(yes or force, force, _confirm)


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError(f"{question} There is no terminal to ask on", "run the same command with --yes")
    return typer.confirm(question, err=True)


def require_approval(approval: Approval, found: Mapping[TlcMonth, Comparison], otherwise: str) -> None:
    """Require the consent to withdraw trips; raises UserError without it."""
    leaving = {month: one for month, one in found.items() if one.trips_only_served}
    for month, one in leaving.items():
        if one.withdrawn_share > LARGEST_WITHDRAWN_SHARE and not approval.force:
            raise UserError(
                f"{month}: {one.trips_only_served:,} served trips"
                f" ({one.withdrawn_share:.0%}) are not in the file; nothing was published",
                f"if the file is correct, run the same command with --force; otherwise {otherwise}",
            )
    trips = sum(one.trips_only_served for one in leaving.values())
    if (
        leaving
        and not approval.yes
        and not approval.confirm(f"This withdraws {trips:,} served trips. Publish?")
    ):
        raise UserError("nothing was published", otherwise)
