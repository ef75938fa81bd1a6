"""Decide what the watchdog does: whether to heal, whether to alert."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

BUDGET = 3
BUDGET_SECONDS = 3600
PATIENCE_SECONDS = 300
"""How long a job may be degraded before the alert: a restart takes less."""


@dataclass(frozen=True)
class WatchdogState:
    """The watchdog's state from earlier checks; times in seconds since the epoch."""

    heals: tuple[float, ...] = ()
    degraded_since: float | None = None
    alerted_for: str = ""

    @classmethod
    def of_json(cls, found: Mapping[str, Any] | None) -> "WatchdogState":
        """Read the saved state; empty at the first check."""
        kept = dict(found or {})
        return cls(tuple(kept.get("heals", ())), kept.get("degraded_since"), kept.get("alerted_for", ""))

    def as_json(self) -> dict[str, Any]:
        """Return the state to save."""
        return {**asdict(self), "heals": list(self.heals)}

    def healed(self, now: float) -> "WatchdogState":
        """Record that the job was restarted."""
        return replace(self, heals=(*self.heals, now))


@dataclass(frozen=True)
class Decision:
    """The action to take, the reason, and the state to save."""

    action: Literal["nothing", "heal", "alert"]
    reason: str
    memory: WatchdogState


def decide(status: Mapping[str, Any], memory: WatchdogState, now: float) -> Decision:
    """Heal a job that is down while the budget lasts; alert once per incident where that does not help."""
    name, reason = status["verdict"]["name"], status["verdict"]["reason"]
    recent = replace(memory, heals=tuple(at for at in memory.heals if at > now - BUDGET_SECONDS))
    if name == "healthy":
        return Decision("nothing", reason, replace(recent, degraded_since=None, alerted_for=""))
    if name == "down":
        if len(recent.heals) < BUDGET:
            return Decision("heal", reason, replace(recent, degraded_since=None))
        text = f"down again after {BUDGET} restarts within an hour: {reason}"
        return _alert_once("down", text, recent)
    since = recent.degraded_since or now
    recent = replace(recent, degraded_since=since)
    if now - since < PATIENCE_SECONDS:
        return Decision("nothing", f"degraded for {now - since:.0f} s: {reason}", recent)
    return _alert_once("degraded", f"degraded for {now - since:.0f} s: {reason}", recent)


def _alert_once(problem: str, text: str, memory: WatchdogState) -> Decision:
    if memory.alerted_for == problem:
        return Decision("nothing", f"alert already sent: {text}", memory)
    return Decision("alert", text, replace(memory, alerted_for=problem))
