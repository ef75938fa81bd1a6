"""Choose the partition of a trip by its trip_id, as every Kafka client does by default."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SEED = 0x9747B28C
_MULTIPLIER = np.uint32(0x5BD1E995)

Partitions = npt.NDArray[np.uint32]


def partitions_of(trip_ids: pa.Array, partition_count: int) -> Partitions:
    """Return the partition of each key: murmur2, as in Kafka's default partitioner and `murmur2_random`."""
    return (murmur2(_words(trip_ids)) & np.uint32(0x7FFFFFFF)) % np.uint32(partition_count)


def murmur2(words: npt.NDArray[np.uint32]) -> Partitions:
    """Hash many keys at once with Kafka's murmur2; each row is a key as little-endian words of four bytes."""
    key_bytes = words.shape[1] * 4
    hashes = np.full(words.shape[0], _SEED ^ key_bytes, dtype=np.uint32)
    for column in range(words.shape[1]):
        mixed = words[:, column] * _MULTIPLIER
        mixed ^= mixed >> np.uint32(24)
        hashes *= _MULTIPLIER
        hashes ^= mixed * _MULTIPLIER
    hashes ^= hashes >> np.uint32(13)
    hashes *= _MULTIPLIER
    hashes ^= hashes >> np.uint32(15)
    return hashes


def _words(trip_ids: pa.Array) -> npt.NDArray[np.uint32]:
    """Return the 36 characters of each trip_id as nine words."""
    letters = trip_ids.cast(pa.binary()).cast(pa.binary(36))
    bytes_of_all = np.frombuffer(letters.buffers()[1], dtype="<u4")
    return bytes_of_all.reshape(-1, 9)[letters.offset : letters.offset + len(letters)]
