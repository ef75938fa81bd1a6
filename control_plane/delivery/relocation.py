"""Rewrites a jar to use the Kafka classes that Flink's SQL connector has relocated.

Otherwise the login module of MSK belongs to another Kafka than the connector's, which rejects it.
"""

import struct
import zipfile
from pathlib import Path

KAFKA = (b"org/apache/kafka/", b"org.apache.kafka.")
SHADED = (
    b"org/apache/flink/kafka/shaded/org/apache/kafka/",
    b"org.apache.flink.kafka.shaded.org.apache.kafka.",
)
TEXT, WIDE = 1, (5, 6)
# The number of bytes after the tag of each other constant (Java's class file format, 4.4).
SIZES = {
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 2,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 4,
    15: 3,
    16: 2,
    17: 4,
    18: 4,
    19: 2,
    20: 2,
}


def relocate(source: Path, target: Path) -> None:
    """Write the jar again, with the names of Kafka's classes changed in every class."""
    with zipfile.ZipFile(source) as jar, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as moved:
        for name in jar.namelist():
            content = jar.read(name)
            moved.writestr(name, relocated_class(content) if name.endswith(".class") else content)


def relocated_class(content: bytes) -> bytes:
    """Rename the relocated classes in a class' constants; no other part depends on the length of a text."""
    if not any(name in content for name in KAFKA):
        return content
    count = struct.unpack_from(">H", content, 8)[0]
    written, at, number = [content[:10]], 10, 1
    while number < count:
        tag = content[at]
        if tag == TEXT:
            length = struct.unpack_from(">H", content, at + 1)[0]
            text = _moved(content[at + 3 : at + 3 + length])
            written.append(struct.pack(">BH", TEXT, len(text)) + text)
            at += 3 + length
        else:
            written.append(content[at : at + 1 + SIZES[tag]])
            at += 1 + SIZES[tag]
        number += 2 if tag in WIDE else 1
    return b"".join([*written, content[at:]])


def _moved(text: bytes) -> bytes:
    for name, elsewhere in zip(KAFKA, SHADED, strict=True):
        text = text.replace(name, elsewhere)
    return text
