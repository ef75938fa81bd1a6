"""Which settings of a topic break the contract, and that those with which it is made do not."""

import pytest

from schemas.topic_settings import UNLIMITED_MS, unfit_settings
from schemas.topics import TOPIC_CONFIG

pytestmark = pytest.mark.unit

FIT = {
    **TOPIC_CONFIG,
    "message.timestamp.before.max.ms": str(UNLIMITED_MS),
    "max.message.bytes": "1048588",
    "segment.bytes": "1",
}


def test_the_settings_with_which_topics_are_made_are_fit() -> None:
    assert unfit_settings(FIT) == ()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cleanup.policy", "compact"),
        ("cleanup.policy", "compact,delete"),
        ("cleanup.policy", ""),
        ("retention.ms", "604800000"),
        ("retention.bytes", "1073741824"),
        ("message.timestamp.type", "LogAppendTime"),
        ("message.timestamp.before.max.ms", "3600000"),
        ("max.message.bytes", "999999"),
    ],
)
def test_each_setting_that_loses_refuses_or_delays_records_is_named_with_its_remedy(
    setting: str, value: str
) -> None:
    (found,) = unfit_settings({**FIT, setting: value})
    assert str(found).startswith(f"{setting}={value}: it ") or setting == "cleanup.policy"
    assert found.remedy.startswith(f"set {setting}=")
    wanted = found.remedy.removeprefix(f"set {setting}=").removesuffix(" on the topic")
    assert unfit_settings({**FIT, setting: wanted}) == ()


def test_no_limit_is_how_brokers_write_it_and_a_batch_is_a_megabyte() -> None:
    at_the_edge = {"message.timestamp.before.max.ms": "9223372036854775807", "max.message.bytes": "1000000"}
    assert unfit_settings(FIT | at_the_edge) == ()
    (found,) = unfit_settings(FIT | {"message.timestamp.before.max.ms": "9223372036854775806"})
    assert found.wanted == "9223372036854775807"


def test_a_setting_that_an_older_broker_does_not_know_is_fit() -> None:
    known = {name: value for name, value in FIT.items() if "before" not in name}
    assert unfit_settings(known) == ()
