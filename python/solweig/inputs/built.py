"""What a build gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solweig.inputs.report import Report

__all__ = ["BuiltSurface"]

_OF_A_RUN = (
    "dsm", "dem", "cdsm", "tdsm", "transmissivity", "land_cover", "albedo", "emissivity",
)  # fmt: skip


@dataclass(frozen=True)
class BuiltSurface:
    """Rasters of a surface on one grid, and the report of how they came about.

    Parameters
    ----------
    folder
        Where the files lie.
    files
        Path of each layer: ``dsm``, ``dem`` and, where sources know them, ``cdsm``, ``tdsm``,
        ``transmissivity``, ``land_cover``, ``albedo``, ``emissivity``, ``density``.
    report
        Sources, gaps, fallbacks and doubts; ``report.text()`` is for a reader, ``report.to_dict()``
        for programs.
    picture
        A map of the layers; None where matplotlib is not installed.

    Attributes
    ----------
    folder, files, report, picture
        As given.
    """

    folder: Path
    files: dict[str, Path]
    report: Report
    picture: Path | None = None

    @property
    def dsm(self) -> Path:
        """Surface: ground and roofs, elevation [m]."""
        return self.files["dsm"]

    @property
    def dem(self) -> Path:
        """Ground, elevation [m]."""
        return self.files["dem"]

    @property
    def cdsm(self) -> Path | None:
        """Canopy top above ground [m]; None without trees."""
        return self.files.get("cdsm")

    @property
    def tdsm(self) -> Path | None:
        """Underside of the canopy above ground [m]; None without trees."""
        return self.files.get("tdsm")

    @property
    def land_cover(self) -> Path | None:
        """Land cover in the codes of a run; None where no source knows any."""
        return self.files.get("land_cover")

    @property
    def doubts(self) -> list[str]:
        """What may be wrong, in words."""
        return [str(entry) for entry in self.report.of_kind("doubt")]

    def layers(self) -> dict[str, Any]:
        """The layers by the names of :meth:`solweig.SurfaceData.prepare`.

        Returns
        -------
        dict[str, Any]
            For ``SurfaceData.prepare(**built.layers(), working_dir="cache/")``.
        """
        return {name: self.files[name] for name in _OF_A_RUN if name in self.files}

    def run_line(self) -> str:
        """The command that maps heat stress on this surface.

        Returns
        -------
        str
            To be completed with weather.
        """
        parts = ["solweig run"]
        for name in _OF_A_RUN:
            if name in self.files:
                parts.append(f"--{name.replace('_', '-')} {_quoted(self.files[name])}")
        return " ".join([*parts, "--epw WEATHER.epw", "--out OUT/"])


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
