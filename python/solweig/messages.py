"""How messages name arguments, where warnings point, and what has been said so far."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["argument", "heard", "told_once", "warn_once", "warn_user"]

_heard: ContextVar[list[str] | None] = ContextVar("solweig_heard", default=None)
_told: ContextVar[set[str] | None] = ContextVar("solweig_told", default=None)

# Arguments that the command line names otherwise, or not at all.
_FLAGS: dict[str, str | None] = {
    "columns": None, "fields": "--field", "product": "--weather-product",
}  # fmt: skip


def argument(name: str, value: Any = None) -> str:
    """An argument in a message: ``stamp='start' (--stamp start)``.

    Parameters
    ----------
    name
        In Python.
    value
        To suggest; ``None`` names the argument only. A mapping is what ``fill`` takes.

    Returns
    -------
    str
        The Python spelling, with the command line's in brackets.
    """
    flag = _FLAGS.get(name, "--" + name.replace("_", "-"))
    if isinstance(value, dict):
        python = f"{name}={{{', '.join(f'{key!r}: {entry}' for key, entry in value.items())}}}"
        shell = ",".join(f"{key}={entry}" for key, entry in value.items())
    else:
        shown = f"{value:g}" if isinstance(value, float) else repr(value)
        python = f"{name}=" + ("" if value is None else shown)
        shell = "" if value is None else str(shown).strip("'")
    if flag is None:
        return python
    return f"{python} ({flag} {shell})" if shell else f"{python} ({flag})"


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn where a user's script called this package, however deep inside it the cause lies."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("solweig."):
        frame, level = frame.f_back, level + 1
    known = _heard.get()
    if known is not None:
        _keep(known, message)
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Keep what is warned of within, by :func:`warn_user` and in the log, each once and in order.

    Inside another the list is that of the outer one, and goes on. It does not matter what is
    silenced.
    """
    known = _heard.get()
    if known is not None:
        yield known
        return
    said: list[str] = []
    ear, logger = _Ear(said), logging.getLogger("solweig")
    token = _heard.set(said)
    logger.addHandler(ear)
    try:
        yield said
    finally:
        logger.removeHandler(ear)
        _heard.reset(token)


@contextmanager
def told_once() -> Iterator[None]:
    """Within it, :func:`warn_once` logs a message a single time; what hears still hears it."""
    if _told.get() is not None:
        yield
        return
    token = _told.set(set())
    try:
        yield
    finally:
        _told.reset(token)


def warn_once(logger: logging.Logger, message: str) -> None:
    """Log a warning of what many runs share, within :func:`told_once` a single time."""
    told, known = _told.get(), _heard.get()
    if told is None or message not in told:
        logger.warning("%s", message)
    elif known is not None:
        _keep(known, message)
    if told is not None:
        told.add(message)


class _Ear(logging.Handler):
    """Hears warnings of the log."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        _keep(self._said, record.getMessage())


def _keep(said: list[str], message: str) -> None:
    if message not in said:
        said.append(message)
