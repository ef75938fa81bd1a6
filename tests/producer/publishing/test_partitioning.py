"""Trips go to the partition that any other Kafka client would choose."""

import numpy as np
import pyarrow as pa
import pytest

from producer.publishing.partitioning import murmur2, partitions_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"a-little-bit-long-string", -985981536),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)
def test_the_hash_is_that_of_kafkas_own_tests(key: bytes, expected: int) -> None:
    hashes = murmur2(np.frombuffer(key, dtype="<u4").reshape(1, -1))
    assert hashes.astype(np.int32).tolist() == [expected]


def test_a_part_of_a_batch_goes_where_the_whole_goes() -> None:
    ids = pa.array([f"00000000-0000-0000-0000-{number:012}" for number in range(100)])
    assert partitions_of(ids.slice(30, 20), 7).tolist() == partitions_of(ids, 7).tolist()[30:50]
