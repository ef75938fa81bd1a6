"""What a terminal is sent: no control characters of foreign texts, and nothing that its encoding lacks."""

import io
import sys
import unicodedata


def visible(text: str) -> str:
    """Return text whose control characters, other than line breaks and tabs, are shown as escapes."""
    return "".join(f"\\x{ord(one):02x}" if _is_control(one) else one for one in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\n\t"


def print_in_any_encoding() -> None:
    """Escape characters that the encoding of the output lacks: the default is to fail in the middle."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
