"""What ``import solweig.xarray`` adds to Datasets and DataArrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.execution.config import ExecutionConfig
from solweig.rasters.georef import GeoReference
from solweig.rasters.labelled import labelled_source
from solweig.results.captions import place_text
from solweig.results.plotting import Underlay, plot_map, require_matplotlib
from solweig.results.summary import TimeseriesSummary
from solweig.run.calculation import calculate, check_calculation
from solweig.run.settings import RunSettings
from solweig.surface.data import SurfaceData
from solweig.typing import Advance
from solweig.weather.location import Location, centre_of_grid
from solweig.weather.step import Weather

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DataArrayAccessor", "DatasetAccessor"]

_DRAWN_FIRST = ("utci", "tmrt", "pet", "utci_max", "tmrt_max", "dsm")


class DatasetAccessor:
    """``dataset.solweig``: the layers of a surface, or the results of a run.

    Parameters
    ----------
    data
        The Dataset, or a DataArray that is the surface model.
    """

    def __init__(self, data: Any) -> None:
        self._data = data

    def prepare(self, working_dir: str | Path | None = None, **options: Any) -> SurfaceData:
        """A surface of these layers; see :meth:`solweig.SurfaceData.prepare`.

        Parameters
        ----------
        working_dir
            Folder in which walls and sky view are kept; None keeps nothing.
        **options
            Further layers, and everything else that ``SurfaceData.prepare`` takes.

        Returns
        -------
        SurfaceData
            Ready to run.

        Raises
        ------
        SolweigError
            As :meth:`solweig.SurfaceData.prepare`.
        """
        return SurfaceData.prepare(self._data, working_dir, **options)

    def run(
        self,
        weather: Weather | Sequence[Weather],
        location: Location | None = None,
        *,
        prepare: Mapping[str, Any] | None = None,
        progress_callback: Advance | None = None,
        **options: Any,
    ) -> TimeseriesSummary:
        """Prepare these layers and run the model over a period; see :func:`solweig.calculate`.

        What a run would refuse is refused before the sky view is computed.

        Parameters
        ----------
        weather
            One step or several, stamps strictly increasing.
        location
            Place and clock; None takes the centre of the layers and the clock of the weather.
        prepare
            Arguments of :meth:`prepare`. Reach of shadows, tiles, formulation and hardware are
            those of the run where they are not said here.
        progress_callback
            Called with (steps done, steps in all).
        **options
            Arguments of :func:`solweig.calculate` but ``baseline``.

        Returns
        -------
        TimeseriesSummary
            As :func:`solweig.calculate`; without ``output_dir`` with the steps as ``dataset``.

        Raises
        ------
        TypeError
            An unknown argument.
        SolweigError
            As :meth:`prepare` and :func:`solweig.calculate`.
        """
        settings = RunSettings.resolve(**options)
        shared = {
            "max_shadow_distance_m": settings.model.max_shadow_distance_m,
            "tile_size": settings.model.tile_size,
            "formulation": settings.model.formulation,
            "execution": _here(settings.execution),
        }

        def check(surface: SurfaceData) -> None:
            check_calculation(surface, weather, location, **options)

        surface = self.prepare(**{**shared, **(prepare or {})}, check=check)
        return calculate(surface, weather, location, progress_callback=progress_callback, **options)

    def plot(
        self,
        name: str | None = None,
        *,
        time: Any = None,
        surface: SurfaceData | None = None,
        save_path: str | Path | None = None,
    ) -> Figure:
        """Draw a map of one variable. Needs ``pip install solweig[plot]``.

        Parameters
        ----------
        name
            The variable; None takes UTCI, else Tmrt, PET, their maxima or the surface model.
        time
            The step, as ``dataset.sel(time=...)`` takes it; None is the one with the highest mean.
        surface
            Draws houses and trees, and leaves roofs blank.
        save_path
            File to write; None leaves the figure open.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ConfigurationError
            Matplotlib is not installed, there is no such variable or step, or the surface has other
            cells.
        InvalidSurfaceData
            The variable does not say where it lies.
        """
        require_matplotlib()
        array = self._variable(name)
        array, when = _at(array, time)
        source = labelled_source(str(array.name), array)
        if source is None:
            raise ConfigurationError("plot", "a variable with coordinates", f"{array.name}")
        transform = source.grid.geotransform
        georef = GeoReference.of_grid(
            source.grid.shape, source.grid.pixel_size, transform, source.grid.crs_wkt
        )
        if surface is None:
            nothing = np.zeros(georef.shape, np.float32)
            underlay = Underlay(nothing, nothing.astype(bool), None, georef)
        elif surface.shape == georef.shape:
            underlay = Underlay.of_surface(surface)
        else:
            raise ConfigurationError(
                "surface", f"the cells of {array.name}, {georef.shape}", f"{surface.shape}"
            )
        kind = str(array.name)
        title = str(array.attrs.get("long_name", kind))
        return plot_map(
            source.cells(), kind, underlay, title=title[:1].upper() + title[1:],
            subtitle=" · ".join(part for part in (_place(georef), when) if part),
            save_path=save_path,
        )  # fmt: skip

    def _variable(self, name: str | None) -> Any:
        """The variable to draw."""
        # Not the bounds of time, which have two dimensions as well.
        variables = self._data.data_vars.items()
        rasters = [str(n) for n, v in variables if len({*v.dims} - {"time"}) >= 2]
        wanted = name
        if wanted is None:
            wanted = next((n for n in (*_DRAWN_FIRST, *rasters) if n in rasters), None)
        if wanted not in rasters:
            raise ConfigurationError(
                "name", f"one of {', '.join(rasters) or 'no rasters'}", repr(name)
            )
        return self._data[wanted]


class DataArrayAccessor(DatasetAccessor):
    """``array.solweig``: a surface model, or one quantity of a run."""

    def _variable(self, name: str | None) -> Any:
        own = self._data.name
        if name not in (None, own):
            raise ConfigurationError("name", f"{own!r} or nothing, of one array", repr(name))
        return self._data if own is not None else self._data.rename("array")


def _here(execution: ExecutionConfig | None) -> ExecutionConfig | None:
    """The surface is prepared on this machine, also where a cluster does the steps."""
    if execution is None:
        return None
    return replace(execution, strategy="auto", cluster=None, storage=None)


def _at(array: Any, time: Any) -> tuple[Any, str]:
    """One step of an array, and its time in words."""
    if "time" not in array.dims:
        if time is not None:
            raise ConfigurationError("time", f"nothing, for {array.name} has no steps", repr(time))
        return array, ""
    if time is None:
        # Step by step: all of it may not fit the memory.
        means = [float(array.isel(time=i).mean()) for i in range(array.sizes["time"])]
        chosen = array.isel(time=0 if np.isnan(means).all() else int(np.nanargmax(means)))
    else:
        try:
            chosen = array.sel(time=time)
        except (KeyError, ValueError, TypeError) as error:
            raise ConfigurationError(
                "time", f"a step of {array.name}, such as {array.time.values[0]}", repr(time)
            ) from error
        if "time" in chosen.dims:
            if chosen.sizes["time"] != 1:
                raise ConfigurationError(
                    "time", "one step", f"{time!r}, which is {chosen.sizes['time']} of them"
                )
            chosen = chosen.isel(time=0)
    when = str(np.datetime_as_string(chosen.time.values, unit="m")).replace("T", " ")
    # A dataset of ours names the clock in brackets.
    clock = str(chosen.time.attrs.get("long_name", "")).partition("(")[2].partition(")")[0]
    return chosen, f"{when} ({clock})" if clock else when


def _place(georef: GeoReference) -> str:
    """The middle of a map by its coordinates; nothing where they are not known."""
    try:
        return place_text(*centre_of_grid(georef.shape, georef.gdal, georef.crs_wkt))
    except InvalidSurfaceData:
        return ""
