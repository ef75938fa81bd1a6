"""What each version of a job reads and writes."""

import pytest

from control_plane.jobs.wiring import Wiring, set_number

pytestmark = pytest.mark.unit


def test_the_first_version_bears_the_name_of_the_job() -> None:
    assert Wiring.of_job("zone_fares") == Wiring.of_job("zone_fares-1") == Wiring("zone_fares", "zone_fares")
    assert Wiring.of_job("zone_fares").version == 1


def test_a_later_version_shares_nothing_with_the_first_but_the_trips() -> None:
    first, twelfth = Wiring.of_job("zone_fares"), Wiring.of_job("zone_fares-12")
    assert (twelfth.job, twelfth.topic, twelfth.version) == (first.job, first.topic, 12)
    assert (twelfth.name, twelfth.consumer_group, twelfth.dead_letters_topic) == (
        "zone_fares-12",
        "zone_fares-12",
        "trips-dead-letters-12",
    )
    assert (twelfth.table_set, set_number(twelfth.table_set)) == ("taxi_12", 12)
