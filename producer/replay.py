"""The `replay` command: from TLC files to acknowledged trips on the topic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from producer.encoding import TripEncoder
from producer.errors import UserError
from producer.examination import examine
from producer.instants import instant_of, text_of
from producer.interruption import Interruption, listening
from producer.ledger import Entry, ReplayLedger, only_replay_into
from producer.markers import last_closed_minute_ms
from producer.months import MonthFile, Naming
from producer.preparation import Workshop, digest
from producer.prepared import Prepared, Span, lateness, span_of
from producer.progress import Display, display_on
from producer.publisher import Publisher
from producer.registry import SchemaRegistry
from producer.session import Assignment, Outcome, Session
from producer.settings import Settings
from producer.topic import KafkaCluster, Topic
from schemas import trip


@dataclass(frozen=True)
class Request:
    """What a person asked for; instants are New York wall-clock time."""

    files: Sequence[Path]
    speedup: float
    from_at: datetime | None = None
    to_at: datetime | None = None
    as_late: bool = False
    dry_run: bool = False


def replay(request: Request, naming: Naming, settings: Settings, console: Console) -> None:
    """Publish the trips of these files as they happened; raises UserError or StoppedByUser when it cannot."""
    months = list(examine(naming.month_files(request.files), console))
    if not months:
        console.print("zero trips: nothing to replay")
        return
    Replay(request, settings, console).run(months)


class Replay:
    """One call of the command."""

    def __init__(self, request: Request, settings: Settings, console: Console) -> None:
        self._request = request
        self._settings = settings
        self._console = console
        self._cluster = KafkaCluster(settings.kafka_bootstrap_servers)
        self._registry = SchemaRegistry(settings.schema_registry_url)

    def run(self, months: Sequence[MonthFile]) -> None:
        """Check what can be checked at once, prepare, publish."""
        if not self._request.dry_run:
            self._cluster.check()
            self._registry.check()
        with listening() as interruption, display_on(self._console) as display:
            source = prepare(months, self._settings, display, interruption, self._warn)
            span = span_of(source.path, self._request.from_at, self._request.to_at)
            if not span.trips:
                self._console.print("zero trips between --from and --to: nothing to replay")
            elif self._request.dry_run:
                self._console.print(
                    f"{_described(span, self._request.speedup)}; nothing was published (--dry-run)"
                )
            else:
                self._publish(span, self._new_entry(span, months), source, display, interruption)

    def _new_entry(self, span: Span, months: Sequence[MonthFile]) -> Entry:
        return Entry(
            files=tuple(month.name for month in months),
            topic=self._settings.trips_topic,
            next_row=span.first_row,
            end_row=span.end_row,
            clock_ms=span.first_ms or 0,
        )

    def _publish(
        self, span: Span, new_entry: Entry, source: Prepared, display: Display, interruption: Interruption
    ) -> None:
        schema_id = self._registry.register(new_entry.topic, trip.current())
        topic = self._cluster.topic(new_entry.topic, self._settings.trips_partitions)
        limits = (str(self._request.from_at), str(self._request.to_at))
        fingerprint = digest(source.fingerprint, *limits)
        ledger = ReplayLedger.of(self._settings.taxi_home, fingerprint, topic.id)
        with only_replay_into(topic.name, self._settings.taxi_home, topic.id):
            entry = self._entry_to_start_from(ledger.read(), new_entry)
            if entry is None:
                return
            assignment = self._assignment(span, ledger, entry)
            tails_ms = self._cluster.tails_ms(topic)
            if not self._request.as_late and (entry is new_entry or is_overtaken(assignment, tails_ms)):
                refuse_late(assignment, tails_ms)
            if entry is not new_entry:
                self._console.print(_going_on(assignment))
            publisher = self._publisher(topic, schema_id, tails_ms, interruption.check)
            outcome = Session(assignment, publisher, display.replaying, interruption.check).run()
        self._console.print(_summary(outcome, topic))

    def _entry_to_start_from(self, earlier: Entry | None, new: Entry) -> Entry | None:
        """The earlier one or the new one; None when all of it has been published before."""
        if earlier and not earlier.is_complete:
            return earlier
        if earlier and not self._request.as_late:
            trips = new.end_row - new.next_row
            self._console.print(
                f"{', '.join(new.files)}: all {trips:,} trips were published to topic {new.topic} before;"
                " nothing to do (--as-late publishes it once more)"
            )
            return None
        return new

    def _assignment(self, span: Span, ledger: ReplayLedger, entry: Entry) -> Assignment:
        to_at = self._request.to_at
        to_ms = instant_of(to_at) if to_at else None
        return Assignment(span, ledger, entry, self._request.speedup, to_ms)

    def _publisher(
        self, topic: Topic, schema_id: int, tails_ms: Mapping[int, int], check: Callable[[], None]
    ) -> Publisher:
        return Publisher(
            self._cluster,
            topic,
            TripEncoder(trip.current(), schema_id),
            floors_ms=tails_ms,
            outage_seconds=self._settings.kafka_outage_seconds,
            warn=self._warn,
            check=check,
        )

    def _warn(self, line: str) -> None:
        self._console.print(f"warning: {line}")


def prepare(
    months: Sequence[MonthFile],
    settings: Settings,
    display: Display,
    interruption: Interruption,
    warn: Callable[[str], None],
) -> Prepared:
    """The trips of these months in event order."""

    def watch(title: str, percent: float) -> None:
        interruption.check()
        display.preparing(title, percent)

    return Workshop.of(settings, watch, warn).prepare(months)


def is_overtaken(assignment: Assignment, tails_ms: Mapping[int, int]) -> bool:
    """Whether another replay may have moved the stream on since this one was interrupted.

    A topic past the acknowledged clock proves nothing: what the interrupted run sent last moved it too,
    though never past the closing clock, and makes none of its unsent trips late (see KafkaCluster.tails_ms).
    """
    progress_ms = max(tails_ms.values(), default=0)
    return progress_ms > assignment.closing_clock_ms or assignment.ledger.is_older_than_another()


def refuse_late(assignment: Assignment, tails_ms: Mapping[int, int]) -> None:
    """Raises UserError when trips that are still to be published would come too late for the stream."""
    if not tails_ms:
        return
    span, entry, progress_ms = assignment.span, assignment.entry, max(tails_ms.values())
    found = lateness(span.path, entry.next_row, entry.end_row, last_closed_minute_ms(progress_ms))
    if found.late_trips:
        left = " that are left" if entry.next_row > span.first_row else ""
        raise UserError(
            f"{', '.join(entry.files)}: the stream is at {text_of(progress_ms)} already,"
            f" so {found.late_trips:,} of {found.valid_trips:,} valid trips{left}"
            " would come too late for their windows",
            "start afresh with ./taxi reset, replay months that follow one another in one command,"
            " or publish these as late trips on purpose with --as-late",
        )


def _going_on(assignment: Assignment) -> str:
    entry = assignment.entry
    done = entry.next_row - assignment.span.first_row
    return (
        f"{', '.join(entry.files)}: going on at {text_of(entry.clock_ms)}, after {done:,} acknowledged trips"
    )


def _described(span: Span, speedup: float) -> str:
    first_ms, last_ms = span.first_ms or 0, span.last_ms or 0
    seconds = (last_ms - first_ms) / 1000 / speedup
    takes = f"; takes {seconds:,.0f} s at this speed" if seconds else ""
    span_text = f"from {text_of(first_ms)} to {text_of(last_ms)}"
    return f"{span.trips:,} trips, {span.valid_trips:,} valid, {span_text}{takes}"


def _summary(outcome: Outcome, topic: Topic) -> str:
    rate = outcome.trips / outcome.seconds
    return (
        f"replayed {outcome.trips:,} trips in {outcome.seconds:.1f} s ({rate:,.0f} trips/s)"
        f" to topic {topic.name}: {topic.partition_count} partitions,"
        f" {outcome.markers:,} progress markers each,"
        f" event clock {text_of(outcome.clock_ms)}"
    )
