"""One line for what went wrong inside Spark."""

import re

CAUSE = re.compile(r"^\s*(?:: |Caused by: )?(?:[\w$.]+(?:Exception|Error)): *(\S.*)$", re.MULTILINE)


def innermost(error: Exception) -> str:
    """The message of the innermost cause that has one."""
    found = CAUSE.findall(str(error))
    text = found[-1] if found else str(error).strip().splitlines()[0]
    return " ".join(text.split())
