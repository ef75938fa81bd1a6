"""Explain an error inside Spark in one line."""

import re

CAUSE = re.compile(r"^\s*(?:: |Caused by: )?(?:[\w$.]+(?:Exception|Error)): *(\S.*)$", re.MULTILINE)


DAMAGE = re.compile(
    r"checksum|\bcrc|gzip|corrupt|incorrect (data|length|header) check|invalid|long overflow", re.IGNORECASE
)
"""Messages of Parquet's and Hadoop's readers about damaged bytes."""


def explained(error: Exception) -> str:
    """Return what went wrong and what to do about it."""
    cause = innermost(error)
    if "Unsupported encoding" in cause:
        return f"Spark cannot read a file of the month: {cause}; take the month as the TLC publishes it"
    if DAMAGE.search(cause):
        return f"a file of the month is damaged: {cause}; fetch it again with ./taxi fetch"
    return f"{cause}; run the month again"


def innermost(error: Exception) -> str:
    """Return the message of the innermost cause that has one."""
    found = CAUSE.findall(str(error))
    text = found[-1] if found else str(error).strip().splitlines()[0]
    return " ".join(text.split())
