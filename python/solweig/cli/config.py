"""``solweig config``: a file of options to fill in, and what such files may hold."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from solweig.atomic import write_text
from solweig.cli.app import COMMANDS
from solweig.cli.choices import Choices, choices_of
from solweig.cli.lazy_group import load_function
from solweig.cli.support import TABLES, clean_errors, out_console
from solweig.errors import ConfigurationError

__all__ = ["commented_toml", "config", "json_schema"]


class Action(StrEnum):
    """What is written."""

    INIT = "init"
    SCHEMA = "schema"


class Command(StrEnum):
    """Commands that read such a file."""

    RUN = "run"
    PREPARE = "prepare"
    BUILD = "build"
    VALIDATE = "validate"


_KINDS = {int: "integer", float: "number", bool: "boolean"}
_EXAMPLES: dict[str, Any] = {"dsm": "dsm.tif", "out": "out/", "roughness-m": 0.1}
_WIDTH = 96


def config(
    action: Annotated[
        Action, typer.Argument(help="init: a commented TOML file; schema: its JSON Schema.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="Where to write; default: standard output.")
    ] = None,
    command: Annotated[
        Command, typer.Option("--command", help="Whose options: run, prepare, build, validate.")
    ] = Command.RUN,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write a configuration file to fill in, or the schema editors check it with.

    Examples
    --------
    solweig config init run.toml

    solweig config schema run.schema.json
    """
    with clean_errors():
        settings = settings_of(command.value)
        if action is Action.INIT:
            text = commented_toml(command.value, settings)
        else:
            text = json.dumps(json_schema(command.value, settings), indent=2) + "\n"
        if file is None:
            out_console().print(text, markup=False, end="")
            return
        if file.exists() and not overwrite:
            raise ConfigurationError("file", "a new file, or --overwrite", str(file))
        write_text(file, text)
        out_console().print(str(file), markup=False)


@dataclass(frozen=True)
class Setting:
    """An option of a command, as its file may hold it."""

    #: Its key in the file: the flag without dashes.
    key: str
    #: JSON type of one value.
    kind: str
    #: A text, which numbers and lists may stand for.
    free: bool
    #: Several values may be said.
    multiple: bool
    #: Names and values may be said as a table.
    table: bool
    required: bool
    default: Any
    meaning: str
    panel: str
    #: What holds where nothing is said, in words.
    without: str
    bounds: tuple[float | None, float | None]


def settings_of(command: str) -> list[Setting]:
    """Options that the file of a command may hold, in the order of its help.

    Raises
    ------
    ConfigurationError
        The command reads no file.
    """
    function = load_function(command, COMMANDS[command])
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    if "config" not in signature.parameters:
        raise ConfigurationError("--command", "a command with --config", command)
    return [
        _setting(name, hints[name], parameter.default)
        for name, parameter in signature.parameters.items()
        if name != "config"
    ]


def _setting(name: str, hint: Any, default: Any) -> Setting:
    value_type, said = get_args(hint)
    kinds = [t for t in (get_args(value_type) or (value_type,)) if t is not type(None)]
    multiple = get_origin(kinds[0]) is list or get_origin(value_type) is list
    one = (get_args(kinds[0]) or kinds)[0] if multiple else kinds[0]
    required = default is inspect.Parameter.empty
    return Setting(
        key=name.replace("_", "-"),
        kind=_KINDS.get(one, "string"),
        free=one is str,
        multiple=multiple,
        table=name in TABLES,
        required=required,
        default=None if required else default,
        meaning=said.help or "",
        panel=said.rich_help_panel or "Options",
        without=said.show_default if isinstance(said.show_default, str) else "",
        bounds=(said.min, said.max),
    )


def commented_toml(command: str, settings: list[Setting]) -> str:
    """Every option with what it means; what has to be said is a line, all else a comment."""
    lines = [
        f"# Options of solweig {command}: solweig {command} --config FILE. Flags beat the file.",
        '# Take the "#" away from the lines you want to say something else.',
    ]
    for panel in dict.fromkeys(setting.panel for setting in settings):
        lines += ["", f"# {'-' * 10} {panel}"]
        for setting in (s for s in settings if s.panel == panel):
            mark = "" if setting.required else "# "
            lines += ["", *_wrapped(_words(setting))]
            lines.append(f"{mark}{setting.key} = {_toml(_example(setting))}")
    return "\n".join(lines) + "\n"


def json_schema(command: str, settings: list[Setting]) -> dict[str, Any]:
    """Schema (draft 2020-12) of such a file. Nothing is required: flags may say it."""
    choices = choices_of(command)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Options of solweig {command}",
        "type": "object",
        "additionalProperties": False,
        "properties": {s.key: _property(s, choices.get(s.key)) for s in settings},
    }


def _words(setting: Setting) -> str:
    parts = [setting.meaning]
    if setting.required:
        parts.append("Must be said.")
    elif setting.without:
        parts.append(f"Default: {setting.without}.")
    return " ".join(part for part in parts if part)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


def _example(setting: Setting) -> Any:
    """What holds without being said, else something of its kind."""
    if setting.default is not None:
        return setting.default
    if setting.kind == "string":
        word = "" if " " in setting.without else setting.without
        value: Any = _EXAMPLES.get(setting.key, setting.key) if setting.required else word
    else:
        usual = {"boolean": False, "integer": 1, "number": 1.0}
        value = _EXAMPLES.get(setting.key, usual[setting.kind])
    return [value] if setting.multiple else value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(v) for v in value)}]"
    # A JSON string is a TOML string.
    return json.dumps(str(value), ensure_ascii=False)


def _property(setting: Setting, choices: Choices | None) -> dict[str, Any]:
    shapes = _plain_shapes(setting) if choices is None else _shapes_of(choices, setting.multiple)
    found: dict[str, Any] = {"description": _words(setting)}
    if isinstance(setting.default, bool | int | float | str):
        found["default"] = setting.default
    return found | (shapes[0] if len(shapes) == 1 else {"anyOf": shapes})


def _shapes_of(choices: Choices, multiple: bool) -> list[dict[str, Any]]:
    """What stands for words: each of them, several of them, a number."""
    # A year is a word to the options, and a number to who writes the file.
    numbers = [int(word) for word in choices.words if word.isdigit()]
    one: dict[str, Any] = {"enum": [*choices.words, *numbers]}
    shapes = [one]
    if choices.several:
        words = "|".join(map(re.escape, choices.words))
        shapes.append({"type": "string", "pattern": rf"^\s*({words})(\s*,\s*({words}))*\s*$"})
    if choices.several or multiple:
        shapes.append({"type": "array", "items": one})
    if choices.numbers is not None:
        low, high = choices.numbers
        shapes.append({"type": "number", "minimum": low, "maximum": high})
        shapes.append({"type": "string", "pattern": choices.as_text})
    return shapes


def _plain_shapes(setting: Setting) -> list[dict[str, Any]]:
    one: dict[str, Any] = {"type": setting.kind}
    for key, bound in zip(("minimum", "maximum"), setting.bounds, strict=True):
        if bound is not None:
            one[key] = bound
    shapes = [one]
    if setting.free:
        # Numbers and lists may be said as such: hours = [9, 12], outputs = ["tmrt", "utci"].
        shapes += [{"type": "number"}, {"type": "array", "items": {"type": ["string", "number"]}}]
    elif setting.multiple:
        shapes.append({"type": "array", "items": dict(one)})
    if setting.table:
        shapes.append({"type": "object", "additionalProperties": {"type": ["string", "number"]}})
    return shapes
