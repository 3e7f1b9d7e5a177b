"""Checks of a run's inputs against each other, before any work."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import replace

from solweig.errors import ConfigurationError, InvalidSurfaceData, MissingPrecomputedData
from solweig.messages import warn_user
from solweig.results.heat import wearer_of
from solweig.run.place import place_of
from solweig.run.settings import RunSettings
from solweig.surface.data import SurfaceData
from solweig.surface.precomputed import PrecomputedData, ShadowArrays, SvfArrays
from solweig.weather.checks import check_weather, report
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather

__all__ = ["check_run_surface", "check_wearer", "sky_of", "sky_that_can_be", "validate_inputs"]

log = logging.getLogger("solweig")


def validate_inputs(
    surface: SurfaceData,
    location: Location | None = None,
    weather: Weather | Sequence[Weather] | None = None,
    use_anisotropic_sky: bool = False,
    precomputed: PrecomputedData | None = None,
) -> list[str]:
    """Check what :func:`calculate` will be given.

    Parameters
    ----------
    surface
        The surface.
    location
        Place and clock; with ``weather``, the sun is placed as a run would.
    weather
        One step or several.
    use_anisotropic_sky
        Whether the run will need patch visibility.
    precomputed
        Prepared data that replace the surface's own.

    Returns
    -------
    list[str]
        Warnings: things that a run tolerates but its author may not have meant.

    Raises
    ------
    InvalidSurfaceData
        ``surface`` is not a surface, or its rasters are unusable.
    GridShapeMismatch
        Prepared data of another shape.
    MissingPrecomputedData
        Sky view factors or patch visibility have not been computed.
    WeatherDataError
        No steps, out of order, repeated or out of range.
    ConfigurationError
        ``location`` is not a Location.

    Examples
    --------
    >>> surface = solweig.SurfaceData(dsm=np.zeros((8, 8)), dem=np.zeros((8, 8)), pixel_size=1.0)
    >>> surface.compute_svf()
    >>> solweig.validate_inputs(surface)
    ['surface: no CRS; results cannot be placed on a map']
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_run_surface(surface, precomputed)
        sky_of(surface, precomputed, anisotropic=use_anisotropic_sky)
        check_location(location)
        if weather is not None:
            _check_series(surface, location, weather)
    found = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    if not surface.crs:
        found.append("surface: no CRS; results cannot be placed on a map")
    if surface.dem is None and surface.land_cover is None:
        found.append("surface: neither dem nor land_cover; buildings are found from the dsm alone")
    return found


def check_run_surface(surface: SurfaceData, precomputed: PrecomputedData | None) -> None:
    """Check the surface of a run and what replaces parts of it.

    Raises
    ------
    InvalidSurfaceData
        Not a surface, or a relative one without ground.
    GridShapeMismatch
        Prepared data of another shape.
    """
    if not isinstance(surface, SurfaceData):
        raise InvalidSurfaceData(
            "surface", "a SurfaceData", type(surface).__name__, "See SurfaceData.prepare()."
        )
    if precomputed is not None:
        precomputed.check_shape(surface.shape)
    surface.preprocess()


def check_location(location: Location | None) -> None:
    if location is not None and not isinstance(location, Location):
        raise ConfigurationError("location", "a Location", type(location).__name__)


def sky_of(
    surface: SurfaceData, precomputed: PrecomputedData | None, *, anisotropic: bool
) -> tuple[SvfArrays, ShadowArrays | None]:
    """Sky view factors and, for an anisotropic sky, visibility; prepared data win.

    Raises
    ------
    MissingPrecomputedData
        They have not been computed.
    """
    given = precomputed or PrecomputedData()
    svf = given.svf if given.svf is not None else surface.require_svf()
    svf.check_canopies(own=surface.facts().own_canopies)
    if not anisotropic:
        return svf, None
    matrices = given.shadow_matrices
    if matrices is None:
        matrices = surface.shadow_matrices
    if matrices is None:
        raise MissingPrecomputedData(
            "shadow_matrices",
            "Call surface.compute_svf(), or pass use_anisotropic_sky=False.",
        )
    return svf, matrices


def sky_that_can_be(surface: SurfaceData, settings: RunSettings) -> RunSettings:
    """An isotropic sky, with a warning, where visibility is missing and no kind of sky was said."""
    given = settings.precomputed or PrecomputedData()
    has_svf = given.svf is not None or surface.svf is not None
    has_visibility = given.shadow_matrices is not None or surface.shadow_matrices is not None
    if settings.sky_said or not settings.model.use_anisotropic_sky or has_visibility or not has_svf:
        return settings
    warn_user(
        "the surface has sky view factors but no shadow matrices: the sky is isotropic. "
        "surface.compute_svf() makes them, use_anisotropic_sky=False asks for this sky, "
        "use_anisotropic_sky=True makes it an error."
    )
    return replace(settings, model=replace(settings.model, use_anisotropic_sky=False))


def _check_series(
    surface: SurfaceData, location: Location | None, weather: Weather | Sequence[Weather]
) -> None:
    """Make the series of a run and check it, as a run would."""
    try:
        place = place_of(surface, weather, location)
    except InvalidSurfaceData:
        # Without a place the steps are looked at by themselves; the sun is unknown.
        weather_series(weather, Location(0.0, 0.0, 0.0, 0.0))
        return
    series = weather_series(weather, place.location)
    report(check_weather(series, place.location, origin=place.origin, raster=place.raster))


def check_wearer(settings: RunSettings, points: bool, *, tell: bool) -> None:
    """Refuse a person that SET* cannot be computed for, where it is asked for.

    Parameters
    ----------
    settings
        Of the call.
    points
        There are points, at which every quantity is reported.
    tell
        Log what of the person lies outside the model's own range.

    Raises
    ------
    ConfigurationError
        More metabolism than SET* has a room for.
    """
    period = settings.period
    if "set" in (*settings.model.outputs, *(() if period is None else period.indices)):
        wearer_of(settings.human, tell=tell)
    elif points and tell:
        try:
            wearer_of(settings.human, tell=False)
        except ConfigurationError as refused:
            log.warning("pois: without SET*: %s", refused)
