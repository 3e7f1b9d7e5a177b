"""Whether a cluster can be reached, before anything is sent there."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from solweig.errors import ConfigurationError

__all__ = ["check_cluster"]

_CONNECT_S = 10.0


def check_cluster(address: str | None) -> None:
    """Whether a scheduler answers.

    Raises
    ------
    ConfigurationError
        No address, ``distributed`` is not installed, or nobody answers.
    """
    if address is None:
        raise ConfigurationError(
            "execution.cluster", "the address of a Dask scheduler, tcp://host:8786", "None",
            "Start one with: dask scheduler; and on every machine: dask worker <address>.",
        )  # fmt: skip
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            "execution.strategy",
            "distributed installed",
            str(error),
            "pip install 'solweig[cluster]'",
        ) from error
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        port = parts.port
        if not parts.hostname or port is None:
            raise ValueError("no host and port")
        with socket.create_connection((parts.hostname, port), timeout=_CONNECT_S):
            pass
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "execution.cluster", "the address of a scheduler that answers", f"{address} ({error})"
        ) from error
