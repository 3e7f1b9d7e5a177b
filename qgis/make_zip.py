"""Packs the plugin as the QGIS plugin repository wants it: ``python qgis/make_zip.py [FOLDER]``.

The licence of the repository goes in as LICENSE; nothing that is compiled or hidden does. The same
sources give the same bytes.
"""

from __future__ import annotations

import configparser
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGIN = HERE / "solweig_provider"
LICENCE = HERE.parent / "LICENSE"
KINDS = {".py", ".svg", ".txt"}


def version() -> str:
    """Of the plugin, as its metadata say."""
    metadata = configparser.ConfigParser()
    metadata.read(PLUGIN / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def make_zip(folder: Path) -> Path:
    """Write ``solweig_provider-VERSION.zip`` into a folder.

    Parameters
    ----------
    folder
        Made if it is missing.

    Returns
    -------
    Path
        The archive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PLUGIN.name}-{version()}.zip"
    sources = {path.relative_to(HERE).as_posix(): path for path in PLUGIN.rglob("*")}
    wanted = {name: path for name, path in sources.items() if path.suffix in KINDS}
    wanted[f"{PLUGIN.name}/LICENSE"] = LICENCE
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(wanted.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    print(make_zip(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
