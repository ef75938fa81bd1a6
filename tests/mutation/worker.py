"""Runs pytest again and again, each time in a fork: what Python loads for every test is loaded once.

Started in a copy of the tree. Nothing of that is loaded before the fork: each run sees the copy as it is.
"""

import json
import os
import sys
import traceback
from importlib import import_module

import pytest

THIRD_PARTY = (
    "confluent_kafka.admin",
    "duckdb",
    "fastavro",
    "httpx",
    "hypothesis.strategies",
    "numpy",
    "psutil",
    "psycopg.types.json",
    "pyarrow.compute",
    "pydantic_settings",
    "rich.console",
    "rich.progress",
    "rich.table",
    "tenacity",
    "typer",
)
LOADED_BEFORE = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Plugins of pytest that are among them."""


def main() -> None:
    """Answer each line, a JSON list of arguments for pytest, with its process id and then its exit code."""
    for name in THIRD_PARTY:
        import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _run(request)
        _answer(child)
        _, status = os.waitpid(child, 0)
        _answer(os.waitstatus_to_exitcode(status))


def _run(request: dict[str, object]) -> None:
    """Never returns: the code after the fork is the parent's."""
    code = 1
    try:
        os.setsid()
        output = os.open(str(request["output"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(output, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        environment = request["environment"]
        assert isinstance(environment, dict)
        os.environ.update(environment)
        arguments = request["arguments"]
        assert isinstance(arguments, list)
        code = int(pytest.main([*LOADED_BEFORE, *arguments]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
