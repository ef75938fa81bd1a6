"""The page of the commands, from the registry and the commands themselves."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from typer.core import TyperGroup

from taxi_cli.commands.registry import VERBS
from taxi_cli.reference.markdown import code, prose, table
from taxi_cli.verbs import Verb, VerbGroup

INTRODUCTION = """# Commands

`./taxi --help` lists the commands and `./taxi VERB --help` prints the options.
A command that succeeds exits 0. An error is one line on stderr with the remedy, and the exit code is not 0.
`./taxi --install-completion` installs completion for bash, zsh or fish.
"""
HIDDEN = {"--help", "--install-completion", "--show-completion"}


def page() -> str:
    """Write the page of every command that the help lists."""
    shown = [verb for verb in VERBS if not verb.is_hidden]
    parts = [INTRODUCTION]
    for panel, verbs in groupby(shown, key=lambda verb: verb.panel):
        parts.append(f"## {panel}\n")
        parts += [section for verb in verbs for section in _sections(verb, "./taxi")]
    return "\n".join(parts)


def _sections(verb: Verb, program: str) -> Iterator[str]:
    line = f"{program} {verb.name}"
    yield f"### {line}\n\n{prose(verb.help)}\n"
    # The options of another program's command line are documented by that program.
    if verb.passes_through and not verb.completed_by:
        yield f"All arguments are passed on: `{line} --help`.\n"
        return
    yield from _described(verb.command(completing=bool(verb.completed_by)), line)


def _described(command: Any, line: str) -> Iterator[str]:
    if isinstance(command, VerbGroup):
        for verb in command.verbs:
            if not verb.is_hidden:
                yield from _sections(verb, line)
    elif isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield f"### {line} {name}\n\n{prose(child.help or '')}\n"
            yield from _described(child, f"{line} {name}")
    else:
        yield from _details(command)


def _details(command: Any) -> Iterator[str]:
    _, _, more = (command.help or "").partition("\n\n")
    if more.strip():
        yield f"{prose(more)}\n"
    rows = [_row(parameter) for parameter in command.params if not HIDDEN & set(parameter.opts)]
    if rows:
        yield table(("argument or option", "default", "meaning"), rows) + "\n"


def _row(parameter: Any) -> Sequence[str]:
    is_option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.name.upper()]
    names = [parameter.metavar] if not is_option and parameter.metavar else names
    return ", ".join(code(name) for name in names), code(_default(parameter)), prose(parameter.help or "")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value is False or callable(value) or value in ((), []):
        return ""
    return "on" if value is True else str(getattr(value, "value", value))
