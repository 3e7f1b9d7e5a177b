"""How messages name arguments, in Python and on the command line, and where warnings point."""

from __future__ import annotations

import sys
import warnings
from typing import Any

__all__ = ["argument", "warn_user"]

# Arguments that the command line names otherwise, or not at all.
_FLAGS: dict[str, str | None] = {"columns": None, "product": "--weather-product"}


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
    warnings.warn(message, category, stacklevel=level)
