"""Where tables go: GeoPackage or CSV, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solweig.atomic import atomic_path
from solweig.errors import ConfigurationError

__all__ = ["check_file", "write_csv", "write_geopackage"]


def check_file(field: str, path: Path, suffixes: tuple[str, ...], *, overwrite: bool) -> None:
    """Check that a file can be written, before any work.

    Parameters
    ----------
    field
        Name of the argument.
    path
        The file.
    suffixes
        Those it may end in.
    overwrite
        Whether one that is there may go.

    Raises
    ------
    ConfigurationError
        Another ending, no such folder, or a file that is there.
    """
    if path.suffix.lower() not in suffixes:
        raise ConfigurationError(field, f"a file ending in {' or '.join(suffixes)}", str(path))
    if not path.absolute().parent.is_dir():
        raise ConfigurationError(field, "a file in a folder that is there", str(path))
    if path.exists() and not overwrite:
        raise ConfigurationError(
            field, "a new file", f"{path}, which is there", "Pass overwrite=True (--overwrite)."
        )


def write_geopackage(path: Path, layers: Mapping[str, Any]) -> None:
    """Write tables as layers of one file; those without geometry as plain tables."""
    import pyogrio

    with atomic_path(path) as temporary:
        for number, (name, table) in enumerate(layers.items()):
            pyogrio.write_dataframe(
                table, temporary, layer=name, driver="GPKG", append=number > 0
            )  # fmt: skip


def write_csv(path: Path, table: Any) -> None:
    """Write a table; a geometry is left out."""
    plain = table.drop(columns="geometry", errors="ignore")
    with atomic_path(path) as temporary:
        plain.to_csv(temporary, index=False, lineterminator="\n")
