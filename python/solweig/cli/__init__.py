"""The command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.cli.app import app as app
    from solweig.cli.app import main as main

__all__ = ["app", "main"]

__getattr__, __dir__ = on_first_use(__name__, {"app": "solweig.cli.app", "main": "solweig.cli.app"})
