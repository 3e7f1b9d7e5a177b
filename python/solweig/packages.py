"""Optional packages, asked for by name before any work."""

from __future__ import annotations

from importlib.util import find_spec

from solweig.errors import ConfigurationError

__all__ = ["need"]


def need(field: str, *packages: str, extra: str) -> None:
    """Check that packages are installed.

    Parameters
    ----------
    field
        What cannot be read without them.
    packages
        Names to import.
    extra
        Extra of this package that brings them.

    Raises
    ------
    ConfigurationError
        One is not, with the line that installs it.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            field,
            f"the packages {', '.join(packages)}",
            f"no {', '.join(missing)}",
            f"pip install 'solweig[{extra}]' adds them.",
        )
