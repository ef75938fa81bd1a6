"""Commands that are listed by name and help, and imported only when one of them is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from stack.endpoints import require_local_stack

HELP = "--help"
PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@dataclass(frozen=True)
class Verb:
    """One command, and the location of its code."""

    name: str
    target: str
    """`module:name` of a function, or of a Typer app with its own commands."""
    help: str
    """The first line of the target's help, repeated here so that listing the verbs imports none of them."""
    panel: str | None = None
    is_hidden: bool = False
    passes_through: bool = False
    """Every argument, including `--help`, is passed to another program."""
    is_for_local_stack: bool = False
    """The command starts, stops or empties a stack of this machine, or needs its processes."""
    completed_by: str = ""
    """A function with the options of that program, used only for shell completion."""

    def placeholder(self) -> TyperCommand:
        """Return a stand-in for the command in lists."""
        return TyperCommand(self.name, help=self.help, hidden=self.is_hidden, rich_help_panel=self.panel)

    def command(self, *, completing: bool = False) -> TyperCommand | TyperGroup:
        """Import the command itself."""
        if completing and self.completed_by:
            return _command(self.name, resolve_name(self.completed_by), {})
        return _command(self.name, resolve_name(self.target), PASS_THROUGH if self.passes_through else {})


class VerbGroup(TyperGroup):
    """A group of verbs; a subclass lists them."""

    verbs: ClassVar[Sequence[Verb]] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for verb in self.verbs:
            self.add_command(verb.placeholder())

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the verb that is called; usage errors and suggestions are typer's own."""
        name, placeholder, rest = super().resolve_command(ctx, args)
        if placeholder is None:
            return name, None, rest
        verb = next(verb for verb in self.verbs if verb.name == name)
        if verb.is_for_local_stack and not ctx.resilient_parsing and HELP not in rest:
            require_local_stack(f"./taxi {name}")
        if verb.passes_through and "--" in rest and not ctx.resilient_parsing:
            # The parser removes one `--`, which the other program needs: a file's name may begin with a dash.
            rest.insert(rest.index("--"), "--")
        return name, verb.command(completing=ctx.resilient_parsing), rest


def _command(name: str, target: Any, context_settings: dict[str, Any]) -> TyperCommand | TyperGroup:
    if isinstance(target, typer.Typer):
        group = typer.main.get_group(target)
        group.name = name
        return group
    program = typer.Typer(add_completion=False)
    program.command(name, context_settings=context_settings)(target)
    command = typer.main.get_command(program)
    assert isinstance(command, TyperCommand)  # noqa: S101 - for the type checker
    return command
