"""Runs of solweig at the field sites, read off at the measuring mast."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

import solweig
from solweig.validation.modelled import Modelled, model_at
from tests.support.stored import unpacked
from tests.validation.sites import FLUXES, Site

Series = dict[str, NDArray[np.float64]]

#: Everything the point table holds that a report needs.
FIELDS = (*dict.fromkeys(FLUXES.values()), "kside", "kside_i", "lside", "shadow", "tg_out")
UTC_OFFSET = 1
LONGWAVE_ABSORPTION = 0.95


@dataclass(frozen=True)
class Mode:
    """One way to run the model."""

    name: str
    anisotropic: bool
    body: str = "cylinder"
    formulation: str = "reference"
    reference_settings: bool = True
    #: Suns of a step; None: those of the formulation.
    suns: int | None = None
    walls: str = "wave"


ANISOTROPIC = Mode("anisotropic", True)
ISOTROPIC = Mode("isotropic", False)
IMPROVED = Mode("anisotropic, improved", True, formulation="improved")
IMPROVED_ISOTROPIC = Mode("isotropic, improved", False, formulation="improved")
THREE_SUNS = Mode("anisotropic", True, suns=3)
ISOTROPIC_THREE_SUNS = Mode("isotropic", False, suns=3)
HEATED = Mode("anisotropic, heated walls", True, walls="heated")
IMPROVED_HEATED = Mode(
    "anisotropic, improved, heated walls", True, formulation="improved", walls="heated"
)
DEFAULTS = Mode("defaults", True, reference_settings=False)


def hourly(site: Site, day: str, shared: Path, mode: Mode) -> Series:
    """Every field at the mast for the 24 hours of a day.

    With ``reference_settings`` as the reference ran: longwave absorption 0.95, heights as they are
    in the files, the sun seen from the raster's corner, the ground by the legal clock. Without, as
    a user gets it.
    """
    summary = solweig.calculate(
        surface(site, shared, mode.reference_settings, mode.formulation),
        solweig.Weather.from_umep_met(
            site.folder(shared) / site.weather[day], resample_hourly=False
        ),
        location(site, shared),
        output_dir=None,
        config=solweig.ModelConfig(
            use_anisotropic_sky=mode.anisotropic,
            body=mode.body,
            formulation=mode.formulation,
            ground_clock="legal" if mode.reference_settings else "solar",
            human=solweig.HumanParams(abs_l=LONGWAVE_ABSORPTION)
            if mode.reference_settings
            else None,
        ),
        pois={site.name: site.point(shared)},
    )
    return _by_hour(summary.pois)


def modelled(site: Site, day: str, shared: Path, mode: Mode, minutes: float = 10.0) -> Modelled:
    """The model in steps of the weather's true intervals, or shorter ones."""
    human = solweig.HumanParams(abs_l=LONGWAVE_ABSORPTION) if mode.reference_settings else None
    return model_at(
        surface(site, shared, mode.reference_settings, mode.formulation),
        true_weather(site, day, shared),
        location(site, shared),
        site.point(shared),
        config=solweig.ModelConfig(
            use_anisotropic_sky=mode.anisotropic,
            formulation=mode.formulation,
            human=human,
            sun_substeps=mode.suns,
            walls=mode.walls,
        ),
        minutes=minutes,
    )


def true_weather(site: Site, day: str, shared: Path) -> list[solweig.Weather]:
    """Rows as they are meant: of whole hours that begin at the hour named; no minutes."""
    rows = solweig.Weather.from_umep_met(
        site.folder(shared) / site.weather[day], resample_hourly=False, stamp="start"
    )
    return [
        solweig.Weather(
            datetime=row.datetime.replace(minute=0),
            ta=row.ta,
            rh=row.rh,
            global_rad=row.global_rad,
            ws=row.ws,
            pressure=row.pressure,
            measured_direct_rad=row.measured_direct_rad,
            measured_diffuse_rad=row.measured_diffuse_rad,
            stamp="start",
        )
        for row in rows
    ]


def joined(models: list[Modelled]) -> Modelled:
    """Several days as one series."""

    def along(name: str) -> Any:
        axis = 0 if name == "bounds" else -1
        return np.concatenate([getattr(model, name) for model in models], axis=axis)

    names = ("bounds", "azimuth", "beam", "rest", "longwave", "global_rad")
    fields = {
        name: np.concatenate([model.fields[name] for model in models]) for name in models[0].fields
    }
    return Modelled(fields=fields, **{name: along(name) for name in names})


def _by_hour(table: Any) -> Series:
    hours = table["time"].dt.hour.to_numpy()
    series = {name: np.full(24, np.nan) for name in FIELDS}
    for name, values in series.items():
        values[hours] = table[name].to_numpy(dtype=float)
    return series


@lru_cache(maxsize=8)
def surface(site: Site, shared: Path, reference_settings: bool, formulation: str) -> Any:
    folder = site.folder(shared)
    untouched = {"min_object_height": 0.0, "smooth_quantized_dem": False}
    with TemporaryDirectory() as scratch:
        return solweig.SurfaceData.prepare(
            dsm=folder / site.dsm,
            dem=folder / site.dem,
            cdsm=unpacked(folder / site.canopy, Path(scratch)),
            land_cover=folder / site.land_cover,
            formulation=formulation,
            **(untouched if reference_settings else {}),
        )


def location(site: Site, shared: Path) -> Any:
    """Of the stored reference run where there is one, else of the surface model."""
    manifest = shared / "reference" / site.name / "manifest.json"
    if manifest.exists():
        place = json.loads(manifest.read_text())["location"]
        return solweig.Location(
            place["latitude"], place["longitude"], place["altitude"], utc_offset=UTC_OFFSET
        )
    return solweig.Location.from_dsm_crs(site.folder(shared) / site.dsm, utc_offset=UTC_OFFSET)


@contextmanager
def quiet() -> Iterator[None]:
    """Without log lines and warnings about what is known of these sites (no wind, no pressure)."""
    import logging
    import warnings

    logger = logging.getLogger("solweig")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
