"""A group that imports a command when it is called, so that help and errors come at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["CommandHome", "lazy_group", "load_function"]


@dataclass(frozen=True, slots=True)
class CommandHome:
    """Where a command is defined, and the line that stands for it in the list of commands."""

    module: str
    summary: str


def lazy_group(homes: Mapping[str, CommandHome], settings: dict[str, Any]) -> type[TyperGroup]:
    """Class of a group with these commands.

    Parameters
    ----------
    homes
        Name of a command, as typed -> where it is. The module defines a function of that name, or
        a group of commands.
    settings
        ``context_settings`` of every command.
    """

    class LazyGroup(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            # Also what a mistyped name is compared with.
            self.commands = {name: _placeholder(name, home) for name, home in homes.items()}
            self.loaded: dict[str, Any] = {}
            self.listing = False

        def list_commands(self, ctx: Any) -> list[str]:
            return list(homes)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if self.listing or cmd_name not in homes:
                return self.commands.get(cmd_name)
            if cmd_name not in self.loaded:
                function = load_function(cmd_name, homes[cmd_name])
                self.loaded[cmd_name] = (
                    typer.main.get_command(function)
                    if isinstance(function, typer.Typer)
                    else _command(cmd_name, function, settings)
                )
            return self.loaded[cmd_name]

        def format_help(self, ctx: Any, formatter: Any) -> None:
            self.listing = True
            try:
                super().format_help(ctx, formatter)
            finally:
                self.listing = False

    return LazyGroup


def _placeholder(name: str, home: CommandHome) -> Any:
    """Name and line of a command."""

    def nothing() -> None:
        """Do nothing."""

    nothing.__doc__ = home.summary
    return _command(name, nothing, {})


def load_function(name: str, home: CommandHome) -> Any:
    """What a command calls; its module may import what is slow to import."""
    return getattr(importlib.import_module(home.module), name.replace("-", "_"))


def _command(name: str, function: Any, settings: dict[str, Any]) -> Any:
    alone = typer.Typer(
        add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    alone.command(name, context_settings=settings)(function)
    return typer.main.get_command(alone)
