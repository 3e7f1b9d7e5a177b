"""Optional packages, asked for by name before any work."""

from __future__ import annotations

from importlib.util import find_spec

from solweig.errors import ConfigurationError

__all__ = ["INSTALL", "need"]

INSTALL = "pip install 'solweig[inputs]' adds them."


def need(field: str, *packages: str, install: str = INSTALL) -> None:
    """Check that packages are installed.

    Parameters
    ----------
    field
        What cannot be read without them.
    packages
        Names to import.
    install
        What adds them.

    Raises
    ------
    ConfigurationError
        One is not, with the line that installs it.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            field, f"the packages {', '.join(packages)}", f"no {', '.join(missing)}", install
        )
