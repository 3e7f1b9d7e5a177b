"""What the commands share: the console, clean errors, progress bars, the configuration file."""

from __future__ import annotations

import json
import logging
import sys
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import typer
from rich.console import Console
from rich.markup import escape

from solweig import _core
from solweig.atomic import full_disk_told
from solweig.errors import ComputationCancelled, ConfigurationError, DiskFull, SolweigError

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "Options",
    "clean_errors",
    "config_option_callback",
    "defaults_of",
    "err_console",
    "keep_log",
    "out_console",
    "print_json",
    "say",
    "show_log",
]

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


TABLES = ("field", "fill", "height_unit", "weather_columns", "weather_units")
"""Options that a configuration file may also hold as a table of names and values."""

_ONE_OF = {"fields": "field"}
"""Arguments whose flag, repeated, gives one entry each."""


class Options:
    """Flags given before the command, and the names of those after it."""

    debug = False
    quiet = False
    #: Lines of JSON instead of bars; everything for people goes to standard error then.
    json = False
    #: Warnings that begin so are not shown.
    silenced: tuple[str, ...] = ()
    #: Flags of the running command by the argument they set.
    flags: ClassVar[dict[str, str]] = {}


def out_console() -> Console:
    """Results. Made on use, because tests and pipes replace the streams."""
    return Console(stderr=Options.json, highlight=False, soft_wrap=True)


def err_console() -> Console:
    """Progress, warnings, errors."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def clean_errors() -> Iterator[None]:
    """Turn exceptions into one line and an exit code; ``--debug`` lets them through."""
    console = err_console()
    shown: set[str] = set()

    def show_warning(message: Any, *_: Any, **__: Any) -> None:
        # Some are found twice: before the sky view is computed, and for the run itself.
        text = str(message)
        if text not in shown and not text.startswith(Options.silenced):
            shown.add(text)
            _record(logging.WARNING, text)
            err_console().print(f"[yellow]warning:[/] {escape(text)}")

    with warnings.catch_warnings():
        if not Options.debug:
            warnings.showwarning = show_warning
            warnings.filterwarnings("always", category=UserWarning)
        try:
            with full_disk_told(Path.cwd()):
                yield
        except (KeyboardInterrupt, ComputationCancelled):
            _record(logging.ERROR, "interrupted")
            console.print("Interrupted; no file was left half-written.")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except DiskFull as error:
            _fail(console, error, EXIT_FAILED)
        except (SolweigError, FileNotFoundError) as error:
            _fail(console, error, EXIT_BAD_INPUT)
        except typer.Exit:
            raise
        except Exception as error:  # whatever it is, a user gets a line and not a traceback
            _fail(console, error, EXIT_FAILED)


def _flag(field: str) -> str | None:
    """What the user wrote where an error names a field; of one entry, ``fields[ta]``, its flag."""
    whole = field.partition("[")[0]
    return Options.flags.get(field) or Options.flags.get(_ONE_OF.get(whole, whole))


def _fail(console: Console, error: BaseException, code: int) -> None:
    if Options.debug:
        raise error
    text = " ".join(str(error).split())
    flag = _flag(str(getattr(error, "field", "")))
    if flag is not None and flag not in text:
        text = f"{text} The {'flag' if flag.startswith('-') else 'key'} is {flag}."
    if not isinstance(error, SolweigError | OSError | RuntimeError) or not text:
        text = f"{type(error).__name__}: {text} (solweig --debug shows where)"
    _record(logging.ERROR, text)
    console.print(f"[bold red]error:[/] {escape(text)}")
    raise typer.Exit(code) from None


class _LogLines(logging.Handler):
    """Log records of this package as plain lines beside the progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        err_console().print(escape(record.getMessage()), style="dim")


def show_log(verbose: bool) -> None:
    """Print what the package logs; without ``verbose`` only warnings."""
    logger = logging.getLogger("solweig")
    for handler in (h for h in logger.handlers[:] if isinstance(h, _LogFile)):
        logger.removeHandler(handler)
        handler.close()
    lines = next((h for h in logger.handlers if isinstance(h, _LogLines)), None)
    if lines is None:
        lines = _LogLines()
        logger.addHandler(lines)
    level = logging.INFO if verbose else logging.WARNING
    lines.setLevel(level)
    logger.setLevel(level)


class _LogFile(logging.FileHandler):
    """What is said, with times, whatever the console shows."""


def keep_log(path: Path) -> None:
    """Also write everything that is logged, warned and refused into a file; it grows.

    Raises
    ------
    ConfigurationError
        It cannot be written.
    """
    try:
        file = _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            "--log-file", "a file that can be written", f"{path} ({error.strerror})"
        ) from None
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("solweig")
    logger.addHandler(file)
    logger.setLevel(logging.INFO)
    _record(logging.INFO, f"solweig {_core.__version__}: {' '.join(sys.argv[1:])}")


def _record(level: int, text: str) -> None:
    """Into the file only: the console has it already."""
    for handler in logging.getLogger("solweig").handlers:
        if isinstance(handler, _LogFile):
            handler.handle(logging.LogRecord("solweig", level, "", 0, text, None, None))


def say(lines: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line."""
    for name, value in lines:
        out_console().print(f"{name:<13}{value}", markup=False, soft_wrap=True)


def print_json(found: Any) -> None:
    """One object on standard output, NaN as null."""
    from solweig.rasters.digests import plain

    out_console().print(json.dumps(plain(found), indent=2), markup=False)


# ------------------------------------------------------------------ --config


def config_option_callback(ctx: typer.Context, value: Path | None) -> Path | None:
    """Read ``--config`` before the other options: its values become their defaults.

    So a flag beats the file, and the file beats the built-in default.
    """
    if value is None or ctx.resilient_parsing:
        return value
    defaults = defaults_of(_read_toml(value), ctx.command.params, value)
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return value


def defaults_of(
    found: Mapping[str, Any], params: Iterable[Any], value: Path | str
) -> dict[str, Any]:
    """Options of a command by the names of its parameters, from the keys of a table.

    Parameters
    ----------
    found
        The table.
    params
        Of the command.
    value
        Where the table comes from, for messages.
    """
    known = {p.name: p for p in params if p.name not in ("config", "help")}
    defaults: dict[str, Any] = {}
    for key, entry in found.items():
        name = key.replace("-", "_")
        if name not in known:
            flags = ", ".join(sorted(str(n).replace("_", "-") for n in known))
            raise typer.BadParameter(f"{value}: unknown key '{key}'; known keys: {flags}")
        if isinstance(entry, dict) and name in TABLES:
            entry = [f"{inner}={each}" for inner, each in entry.items()]
        if isinstance(entry, dict):
            raise typer.BadParameter(f"{value}: key '{key}': expected a value, got a table")
        multiple = getattr(known[name], "multiple", False) or known[name].nargs != 1
        if multiple and not isinstance(entry, list):
            entry = [entry]
        elif isinstance(entry, list) and not multiple:
            entry = ",".join(str(e) for e in entry)
        defaults[name] = entry if isinstance(entry, list | bool) else str(entry)
    return defaults


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise typer.BadParameter(f"no file {path}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise typer.BadParameter(f"{path} is not TOML: nested too deeply") from None
    except ValueError as error:
        raise typer.BadParameter(f"{path} is not TOML: {error}") from None
