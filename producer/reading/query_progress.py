"""Show several queries that run one after the other as one progress."""

from collections.abc import Callable


class QueryProgress:
    """The percentage of a work of several steps; it never falls, though each query counts from 0.

    One thread runs the queries and calls `begin`, another calls `percent`.
    """

    def __init__(self, query_percent: Callable[[], float]) -> None:
        self._query_percent = query_percent
        self._stretch = (0.0, 100.0)
        self._highest = 0.0

    def begin(self, first: float, last: float) -> None:
        """Declare that the queries from here on take the progress from `first` to `last`."""
        self._stretch = (first, last)

    def percent(self) -> float:
        """Return the progress of the whole work."""
        # Read before the query's own progress: what the query before had reached must not count for this one.
        first, last = self._stretch
        share = min(max(self._query_percent(), 0.0), 100.0) / 100
        self._highest = max(self._highest, first + (last - first) * share)
        return self._highest
