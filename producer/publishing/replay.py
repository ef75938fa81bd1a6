"""Run the `replay` command: from TLC files to acknowledged trips on the topic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console

from producer.instants import SECOND_MS, instant_of, text_of
from producer.interruption import Interruption, listening
from producer.months import MonthFile, Naming
from producer.publishing.earlier_publication import earlier_publication
from producer.publishing.growth import WAIT_SECONDS, introduce
from producer.publishing.kafka_topic import KafkaCluster, TopicDescription
from producer.publishing.lanes import ReplayWork
from producer.publishing.markers import closing_clock_ms, last_closed_minute_ms, part_closing_clock_ms
from producer.publishing.pace import Pace, new_york_now
from producer.publishing.publisher import Destination
from producer.publishing.publisher_lease import only_publisher
from producer.publishing.replay_ledger import ReplayLedger, ReplayProgress
from producer.publishing.replay_session import Session, SessionCallbacks, SessionResult
from producer.publishing.schema_registry import SchemaRegistry
from producer.reading.arrival import Arrival
from producer.reading.examination import examine
from producer.reading.plausibility import refuse_nearly_all_quarantined
from producer.reading.preparation import MonthPreparer, digest
from producer.reading.prepared import Prepared, Span, lateness, span_of
from producer.replay_display import Display, display_on, warning_on, watching
from producer.settings import ProducerSettings
from schemas import trip
from schemas.errors import UserError

NOTHING_TO_DO = (
    "nothing to do; to see them live, add --shift-to-now --speedup 30; to publish them again, add --as-late"
)


@dataclass(frozen=True)
class ReplayRequest:
    """The user's options; instants are New York wall-clock time."""

    files: Sequence[Path]
    pace: Pace
    from_at: datetime | None = None
    to_at: datetime | None = None
    arrival: Arrival = field(default_factory=Arrival)
    as_late: bool = False
    dry_run: bool = False
    processes: int = 1
    force: bool = False

    def __post_init__(self) -> None:
        if self.processes < 1:
            raise UserError(f"--processes is {self.processes}", "give 1 or more")
        if self.pace.is_live and self.from_at:
            raise UserError(
                "--shift-to-now and --from exclude each other: --shift-to-now starts now", "remove --from"
            )
        if self.from_at and self.to_at and self.from_at >= self.to_at:
            raise UserError(
                f"--from {self.from_at} is not before --to {self.to_at}", "give an earlier --from"
            )

    @property
    def latest_closing_ms(self) -> int | None:
        """Return the event clock that the replay must not pass, if the user set an end."""
        if self.to_at is None:
            return None
        return part_closing_clock_ms(instant_of(self.to_at), self.arrival.disorder_seconds * SECOND_MS)


def replay(request: ReplayRequest, naming: Naming, settings: ProducerSettings, console: Console) -> None:
    """Publish the trips of these files as they happened; raises UserError or StoppedByUser on failure."""
    months = list(examine(naming.month_files(request.files), console))
    if not months:
        console.print("zero trips: nothing to replay")
        return
    Replay(request, settings, console).run(months)


class Replay:
    """One call of the command."""

    def __init__(self, request: ReplayRequest, settings: ProducerSettings, console: Console) -> None:
        self._request = request
        self._settings = settings
        self._console = console
        self._warn = warning_on(console)
        self._cluster = KafkaCluster(settings.kafka_bootstrap_servers, settings.kafka_access)
        self._registry = SchemaRegistry(settings.schema_registry_url)

    def run(self, months: Sequence[MonthFile]) -> None:
        """Check what can be checked at once, prepare, publish."""
        if not self._request.dry_run:
            self._cluster.check()
            self._registry.check()
        with listening() as interruption, display_on(self._console) as display:
            source = self._arriving(months, display, interruption)
            span = span_of(source.path, self._request.from_at, self._request.to_at)
            if not span.trips:
                self._console.print("zero trips between --from and --to: nothing to replay")
            elif self._request.dry_run:
                described = _described(span, self._request.pace)
                self._console.print(f"{described}; --dry-run: nothing was published")
            else:
                entry = self._new_entry(span, source, months)
                callbacks = SessionCallbacks(display.replaying, self._warn, interruption.check)
                self._publish(span, entry, source, callbacks)

    def _arriving(
        self, months: Sequence[MonthFile], display: Display, interruption: Interruption
    ) -> Prepared:
        """Return the trips in the order in which they arrive."""
        preparer = MonthPreparer.of(self._settings, watching(display, interruption), self._warn)
        prepared, arrival = preparer.prepare_each(months), self._request.arrival
        if not self._request.force:
            refuse_nearly_all_quarantined(months, prepared)
        source = preparer.merged(prepared)
        if self._request.pace.is_live:
            arrival = arrival.to_present(span_of(source.path), new_york_now())
        return arrival.applied(source, preparer)

    def _new_entry(self, span: Span, source: Prepared, months: Sequence[MonthFile]) -> ReplayProgress:
        first_row, clock_ms = span.first_row, span.first_ms or 0
        if self._request.pace.is_live:
            now = new_york_now()
            first_row, clock_ms = span_of(source.path, now).first_row, instant_of(now)
            self._console.print(
                f"live from {text_of(clock_ms)}: {span.end_row - first_row:,} trips to publish"
            )
        return ReplayProgress(
            files=tuple(month.name for month in months),
            topic=self._settings.trips_topic,
            next_rows=(first_row,),
            end_row=span.end_row,
            clock_ms=clock_ms,
        )

    def _publish(
        self, span: Span, new_entry: ReplayProgress, source: Prepared, callbacks: SessionCallbacks
    ) -> None:
        request = self._request
        schema_ids = self._registry.register(new_entry.topic, trip.all_versions())
        topic = self._cluster.topic(new_entry.topic, self._settings.trips_partitions)
        fingerprint = digest(source.fingerprint, str(request.from_at), str(request.to_at))
        ledger = ReplayLedger.of(self._settings.taxi_home, fingerprint, topic.id)
        with only_publisher(self._cluster, topic, self._settings.taxi_home, self._warn) as lock:
            callbacks = callbacks.also_checking(lock.check)
            entry = self._entry_to_start_from(ledger.read(), new_entry)
            if entry is None:
                return
            tails_ms = self._tails_ms(topic, ledger, callbacks.check)
            closing_ms = closing_clock_of(span, request.latest_closing_ms)
            is_new = entry is new_entry
            if not request.as_late and (is_new or is_overtaken(closing_ms, ledger, tails_ms)):
                late = late_trips(span, entry, tails_ms)
                if late and self._was_published(topic, span, entry):
                    return
                refuse_late(span, entry, late)
            if not is_new:
                self._console.print(_going_on(span, entry))
            destination = Destination(
                self._cluster,
                topic,
                schema_ids,
                tails_ms,
                self._settings.in_flight_megabytes,
                self._settings.kafka_outage_seconds,
            )
            work = ReplayWork(span, destination, request.pace, entry.clock_ms, closing_ms)
            outcome = Session(work, ledger, entry, callbacks).run(request.processes, lock.file)
        self._console.print(_summary(outcome, destination, span))

    def _tails_ms(
        self, topic: TopicDescription, ledger: ReplayLedger, check: Callable[[], None]
    ) -> Mapping[int, int]:
        """Return the newest timestamps, also of partitions that were added since an earlier replay."""
        tails_ms = self._cluster.tails_ms(topic)
        added = range(ledger.known_partitions() or topic.partition_count, topic.partition_count)
        if not added or not set(tails_ms) - set(added):
            return tails_ms
        self._console.print(
            f"topic {topic.name} has {len(added)} new partitions: waiting {WAIT_SECONDS:.0f} s"
            " until its readers have discovered them"
        )
        return introduce(self._cluster, topic, added, tails_ms, check)

    def _was_published(self, topic: TopicDescription, span: Span, entry: ReplayProgress) -> bool:
        """Return whether all trips are on the topic: from another home, or from other files or options."""
        found = earlier_publication(self._cluster, topic, span.path, entry.next_row, entry.end_row)
        if found.is_whole:
            self._console.print(
                f"{', '.join(entry.files)}: already published: the trips are on topic {topic.name}"
                f" ({found.looked_up} of them, from the first to the last, were looked up);"
                f" {NOTHING_TO_DO}"
            )
        return found.is_whole

    def _entry_to_start_from(
        self, earlier: ReplayProgress | None, new: ReplayProgress
    ) -> ReplayProgress | None:
        """Return the earlier entry or a new one; None if everything has been published before."""
        if earlier and not earlier.is_complete:
            return earlier
        if earlier and not self._request.as_late:
            trips = new.end_row - new.next_row
            self._console.print(
                f"{', '.join(new.files)}: all {trips:,} trips were already published to topic {new.topic};"
                f" {NOTHING_TO_DO}"
            )
            return None
        return new


def closing_clock_of(span: Span, latest_ms: int | None) -> int:
    """Return where the event clock ends: past the last window, but not past `latest_ms`, if it is set."""
    last_ms = span.last_ms or 0
    closing_ms = closing_clock_ms(span.last_valid_dropoff_ms) if span.last_valid_dropoff_ms else last_ms
    return max(last_ms, min(closing_ms, latest_ms or closing_ms))


def is_overtaken(closing_ms: int, ledger: ReplayLedger, tails_ms: Mapping[int, int]) -> bool:
    """Return whether another replay may have moved the stream on since this one was interrupted.

    A topic past the acknowledged clock proves nothing: what the interrupted run sent last moved it too,
    though never past the closing clock, and makes none of its unsent trips late (see KafkaCluster.tails_ms).
    """
    return max(tails_ms.values(), default=0) > closing_ms or ledger.is_older_than_another()


@dataclass(frozen=True)
class TooLate:
    """Trips that are still to be published, and would be too late for the stream."""

    progress_ms: int
    late_trips: int
    valid_trips: int


def late_trips(span: Span, entry: ReplayProgress, tails_ms: Mapping[int, int]) -> TooLate | None:
    """Return how many trips would be too late for the stream; None if there are none."""
    if not tails_ms:
        return None
    progress_ms = max(tails_ms.values())
    found = lateness(span.path, entry.next_row, entry.end_row, last_closed_minute_ms(progress_ms))
    return TooLate(progress_ms, found.late_trips, found.valid_trips) if found.late_trips else None


def refuse_late(span: Span, entry: ReplayProgress, late: TooLate | None) -> None:
    """Raise UserError if any trip would be too late."""
    if late is None:
        return
    left = " remaining" if entry.next_row > span.first_row else ""
    raise UserError(
        f"{', '.join(entry.files)}: the stream is already at {text_of(late.progress_ms)},"
        f" so {late.late_trips:,} of {late.valid_trips:,}{left} valid trips"
        " would be too late for their windows",
        "publish them as late trips with --as-late, delete all trips with ./taxi reset,"
        " or replay consecutive months in one command",
    )


def _going_on(span: Span, entry: ReplayProgress) -> str:
    done = entry.next_row - span.first_row
    return (
        f"{', '.join(entry.files)}: resuming at {text_of(entry.clock_ms)}, after {done:,} acknowledged trips"
    )


def _described(span: Span, pace: Pace) -> str:
    first_ms, last_ms = span.first_ms or 0, span.last_ms or 0
    seconds = (last_ms - first_ms) / 1000 / pace.speedup
    takes = f"; takes {seconds:,.0f} s at this speed" if seconds else ""
    span_text = f"from {text_of(first_ms)} to {text_of(last_ms)}"
    return f"{span.trips:,} trips, {span.valid_trips:,} valid{_late_on_purpose(span)}, {span_text}{takes}"


def _late_on_purpose(span: Span) -> str:
    return f", {span.late_trips:,} intentionally late" if span.late_trips else ""


def _summary(outcome: SessionResult, destination: Destination, span: Span) -> str:
    rate = outcome.trips / outcome.seconds
    topic = destination.topic
    return (
        f"replayed {outcome.trips:,} trips in {outcome.seconds:.1f} s ({rate:,.0f} trips/s)"
        f" to topic {topic.name}: {topic.partition_count} partitions,"
        f" {outcome.markers:,} progress markers each,"
        f" event clock {text_of(outcome.clock_ms)}{_late_on_purpose(span)}"
    )
