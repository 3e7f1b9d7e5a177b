"""Typed face of the compiled engine.

Every 2-D raster is C-contiguous ``[row, col]``, row 0 north, column 0 west; rasters that go into
one call have one shape. Heights and distances in metres, angles in degrees (azimuth clockwise from
north), radiation in W m-2, temperatures in deg C. A window is ``(first row, end row, first column,
end column)``. ``G`` and ``R`` cite ``docs/model-geometry.md`` and ``docs/model-radiation.md`` by
section.

Functions release the GIL and use the rayon pool. Bad shapes and values raise ``ValueError``; a
panic in the engine raises ``RuntimeError``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
Bool = NDArray[np.bool_]

__version__: str
RELEASE_BUILD: bool

# ------------------------------------------------------------------ files

def read_stretches(path: str, first: int, stride: int, length: int, out: U8) -> None:
    """Fill an array with stretches of bytes of a file that lie at equal distances.

    Parameters
    ----------
    path
        The file.
    first
        Where the first stretch begins [bytes from the start of the file].
    stride
        From the beginning of one stretch to that of the next [bytes].
    length
        Length of a stretch [bytes].
    out
        Receives the stretches one after the other: 1-D uint8, a multiple of ``length`` long.

    Raises
    ------
    OSError
        The file cannot be read, or ends before the last stretch does.
    ValueError
        ``length`` does not divide the size of ``out``.
    """

def write_stretches(path: str, first: int, stride: int, length: int, content: U8) -> None:
    """Write stretches of bytes at equal distances into a file that is there.

    Parameters
    ----------
    path, first, stride, length
        As in :func:`read_stretches`.
    content
        The stretches one after the other: 1-D uint8, a multiple of ``length`` long.

    Raises
    ------
    OSError
        There is no such file, or it cannot be written.
    ValueError
        ``length`` does not divide the size of ``content``.
    """

# ------------------------------------------------------------------ geometry

class Scene:
    """Immutable geometry of one raster, in the form the ray marcher reads (G 1).

    A part of a larger raster takes ``datum`` from the whole's scene and says with ``vegetation``
    whether the whole has some; its results are then those of the whole, bit for bit.

    Parameters
    ----------
    dsm
        Surface: ground and roofs, elevation [m]; NaN = no data.
    pixel_size
        Side of a cell [m], above 0.
    dem
        Ground, elevation [m].
    canopy
        Canopy top above the ground [m] (G 1.3); NaN or below 0.1 = absent.
    trunk
        Underside of the canopy above the ground [m], likewise; None = ``trunk_ratio * canopy``.
    transmissivity
        Share of light that comes through the canopy over a cell in leaf [0-1], known wherever one
        stands; None = all are alike, as the parameters of a run say.
    trunk_ratio
        Trunk height over canopy height [0-1]; used where ``trunk`` is not given.
    relative_bush
        A bush shades its own cell where its top is more than 1 m above its base; false = above the
        zero of elevations, as in the reference (G-Q7).
    canopy_base
        What canopies stand on: "dem", where there is one, or "dsm".
    datum
        Height subtracted from every layer before it is rounded [m]; None = found from the rasters.
    vegetation
        Whether the whole raster has vegetation. Read only with ``datum``.

    Raises
    ------
    ValueError
        An empty or strided raster, two shapes, a pixel size or datum that is no number of metres,
        an unknown ``canopy_base``, a canopy whose ``transmissivity`` is no share.
    """

    def __init__(
        self,
        dsm: F32,
        *,
        pixel_size: float,
        dem: F32 | None = None,
        canopy: F32 | None = None,
        trunk: F32 | None = None,
        transmissivity: F32 | None = None,
        trunk_ratio: float = 0.25,
        relative_bush: bool = False,
        canopy_base: str = "dem",
        datum: float | None = None,
        vegetation: bool = False,
    ) -> None: ...
    @property
    def id(self) -> int:
        """Number of this scene, unique within the process."""
    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
    @property
    def pixel_size(self) -> float:
        """Side of a cell [m]."""
    @property
    def has_vegetation(self) -> bool:
        """Whether the scene holds vegetation."""
    @property
    def has_transmissivity(self) -> bool:
        """Whether its canopies have their own transmissivity."""
    @property
    def datum(self) -> float:
        """Height subtracted from every layer before it is rounded [m]."""
    @property
    def relief_m(self) -> float:
        """No ray meets anything higher than this above its start [m]."""
    def valid_mask(self) -> Bool:
        """Cells with data.

        Returns
        -------
        Bool
            ``[row, col]``.
        """
    def canopy_top(self) -> F32:
        """Absolute canopy top.

        Returns
        -------
        F32
            Elevation [m], ``[row, col]``; NaN where there is no canopy.
        """
    def trunk_top(self) -> F32:
        """Absolute underside of the canopy.

        Returns
        -------
        F32
            Elevation [m], ``[row, col]``; NaN where there is none.
        """
    def bush(self) -> Bool:
        """Cells whose vegetation shades itself from step 0 (G 1.4).

        Returns
        -------
        Bool
            ``[row, col]``; false everywhere without vegetation.
        """
    def trunk_absent(self) -> Bool:
        """Cells without a trunk zone.

        Returns
        -------
        Bool
            ``[row, col]``; true everywhere without vegetation.
        """
    def svf(
        self,
        patch_option: int = 2,
        *,
        max_shadow_distance_m: float = 1000.0,
        height_bound_m: float | None = None,
        normalised_sectors: bool = False,
        zenith_canopy: str = "reference",
        progress: Callable[[int, int], Any] | None = None,
        engine: Engine | None = None,
        window: tuple[int, int, int, int] | None = None,
    ) -> SkyView:
        """Sky view factors and visibility of the sky patches (G 5).

        Parameters
        ----------
        patch_option
            Division of the sky: 1, 2, 3, 4 = 145, 153, 305, 609 patches.
        max_shadow_distance_m
            How far obstacles are looked for [m], above 0.
        height_bound_m
            Shadows end this far below their source [m], as in the reference; None: they do not.
        normalised_sectors
            Make the directional factors of open ground 1 (G-Q18).
        zenith_canopy
            Whether a canopy straight up shades the cell south of it, "reference", or the one below
            it, "overhead" (G-Q12).
        progress
            Called with ``(rows done, rows)``; an exception it raises ends the work.
        engine
            Where to compute; None = the CPU.
        window
            Compute these cells only: the result has their shape and equals that part of the whole.

        Returns
        -------
        SkyView
            Fifteen factors and up to three masks.

        Raises
        ------
        ValueError
            An unknown option, a distance that is not positive, a window outside the scene.
        GpuError
            A strict ``engine`` whose device failed.

        References
        ----------
        - Robinson & Stone (2004), Sol. Energy 77, https://doi.org/10.1016/j.solener.2004.05.010
          (145 patches)
        - Wallenberg et al. (2020) (153 patches)
        - Lindberg & Grimmond (2011), Theor. Appl. Climatol. 105,
          https://doi.org/10.1007/s00704-010-0382-8 (vegetation)
        """
    def shadows(
        self,
        azimuth: float,
        altitude: float,
        *,
        max_shadow_distance_m: float = 1000.0,
        height_bound_m: float | None = None,
        wall_height: F32 | None = None,
        wall_aspect: F32 | None = None,
        engine: Engine | None = None,
    ) -> dict[str, NDArray[Any]]:
        """Shadows of one position of the sun, on the ground and on walls (G 2 to G 4).

        Parameters
        ----------
        azimuth
            Of the sun [deg, clockwise from north].
        altitude
            Of the sun [deg], above 0 and at most 90.
        max_shadow_distance_m, height_bound_m, engine
            As in :meth:`svf`.
        wall_height, wall_aspect
            Height [m] and outward normal [deg] of the wall beside a cell, 0 off the walls; both, or
            walls are left out.

        Returns
        -------
        dict[str, NDArray[Any]]
            ``[row, col]`` each. uint8, 1 = not blocked: ``sh`` by buildings, ``vegsh`` by foliage
            with sky behind, ``vbshvegsh`` by foliage with a building behind. With walls also
            float32: ``wallsh`` shaded by buildings, ``wallsun`` in the sun, ``wallshve`` shaded by
            foliage [m of the wall's height], ``facesun`` 1 where the wall faces the sun.

        Raises
        ------
        ValueError
            An altitude or distance out of range, a raster of another shape.
        GpuError
            A strict ``engine`` whose device failed.

        References
        ----------
        Lindberg & Grimmond (2011), Theor. Appl. Climatol. 105,
        https://doi.org/10.1007/s00704-010-0382-8
        """

class SkyView:
    """Result of :meth:`Scene.svf`."""

    @property
    def patch_option(self) -> int:
        """Number of the sky division, 1-4."""
    def fields(self) -> dict[str, F32]:
        """The sky view factors (G 5.3).

        Returns
        -------
        dict[str, F32]
            Fifteen grids ``[row, col]`` [0-1]: ``svf``, ``svf_veg``, ``svf_aveg`` (all that blocks;
            vegetation; vegetation in front of buildings) and each with ``_east``, ``_south``,
            ``_west``, ``_north``. NaN where the scene has no data. Where canopies have their own
            transmissivity also ``canopy_transmissivity``, the mean of those that a cell sees, NaN
            where it sees none (G 5.6).
        """
    def masks(self) -> dict[str, U32]:
        """Which patches each cell sees (G 5.4).

        Returns
        -------
        dict[str, U32]
            ``shmat`` and, with vegetation, ``vegshmat``, ``vbshmat``: ``[row, col, word]``; patch i
            is bit ``i % 32`` of word ``i // 32``; 1 = not blocked.
        """

def svf_from_masks(
    patch_option: int,
    shmat: U32,
    vegshmat: U32 | None,
    vbshmat: U32 | None,
    trunk_absent: Bool | None = None,
    normalised_sectors: bool = False,
) -> dict[str, F32]:
    """The grids of :meth:`SkyView.fields` from masks as :meth:`SkyView.masks` gives them.

    Parameters
    ----------
    patch_option
        Division of the sky, 1 to 4.
    shmat
        ``[row, col, word]``: not blocked by buildings.
    vegshmat, vbshmat
        Likewise, by vegetation with sky and with a building behind; both, or there is no
        vegetation.
    trunk_absent
        Cells without a trunk zone, ``[row, col]``, as :meth:`Scene.trunk_absent` gives them.
    normalised_sectors
        As in :meth:`Scene.svf`.

    Returns
    -------
    dict[str, F32]
        Fifteen grids ``[row, col]`` [0-1].

    Raises
    ------
    ValueError
        An unknown option or a mask of another shape.
    """

def patch_table(patch_option: int) -> dict[str, F64]:
    """The patches of a division of the sky (G 5.1).

    Parameters
    ----------
    patch_option
        Division of the sky, 1 to 4.

    Returns
    -------
    dict[str, F64]
        One value a patch: ``altitude`` and ``azimuth`` of its centre [deg], ``solid_angle`` [sr]
        (they sum to 2 pi), ``band`` (0 = lowest).

    Raises
    ------
    ValueError
        An unknown option.

    References
    ----------
    - Robinson & Stone (2004), Sol. Energy 77, https://doi.org/10.1016/j.solener.2004.05.010
    - Wallenberg et al. (2020)
    """

def ray_offsets(
    azimuth: float, altitude: float, pixel_size: float, steps: int
) -> tuple[NDArray[np.int32], F64, F64]:
    """The steps of a ray towards the light (G 2.1).

    Parameters
    ----------
    azimuth
        Where it goes [deg].
    altitude
        Above the horizon [deg].
    pixel_size
        Side of a cell [m].
    steps
        How many, the first at its own cell.

    Returns
    -------
    offsets : NDArray[np.int32]
        ``[step, (row, column)]``: the cell looked at, less its own.
    distance : F64
        Horizontal distance of the ideal line [m], one a step.
    height : F64
        Height the ray has gained [m], one a step.
    """

def wall_height(dsm: F32, wall_limit: float = 1.0) -> F32:
    """Height of the wall beside a cell (G 6.1): how far its highest neighbour rises above it.

    Parameters
    ----------
    dsm
        Surface, elevation [m]; neighbours without data (NaN) are ignored.
    wall_limit
        Least height of a wall [m].

    Returns
    -------
    F32
        Height [m], ``[row, col]``; 0 where there is no wall and along the raster's edge.
    """

def wall_aspect(dsm: F32, wall_height: F32, pixel_size: float, *, improved: bool = False) -> F32:
    """Outward normal of the wall beside a cell (G 6.2).

    Parameters
    ----------
    dsm
        Surface, elevation [m].
    wall_height
        As :func:`wall_height` gives it [m].
    pixel_size
        Side of a cell [m].
    improved
        Without the reference's turn by some degrees and its dependence on base elevation (G-Q38,
        G-Q39).

    Returns
    -------
    F32
        Azimuth [deg], ``[row, col]``; 0 off the walls.

    References
    ----------
    Goodwin et al. (2009) (line filter)
    """

def buildings_mask(dsm: F32, *, dem: F32 | None = None, land_cover: U8 | None = None) -> U8:
    """Where the ground is open (G 1.6).

    Parameters
    ----------
    dsm
        Surface, elevation [m].
    dem
        Ground, elevation [m]: buildings rise 2 m or more above it.
    land_cover
        Codes: 2 and from 100 are buildings. Goes before ``dem``.

    Returns
    -------
    U8
        ``[row, col]``: 1 = open ground, 0 = building.

    Raises
    ------
    ValueError
        Neither ``dem`` nor ``land_cover``.
    """

class GroundView:
    """What a person sees of the ground and walls around (G 7); its geometry is kept.

    Parameters
    ----------
    buildings
        1 = open ground, 0 = building, as :func:`buildings_mask` gives them.
    pixel_size
        Side of a cell [m].
    albedo
        Of the ground [0-1].
    wall_height, wall_aspect
        Height [m] and outward normal [deg] of the wall beside a cell, 0 off the walls.
    wall_albedo
        Of the walls [0-1].
    person_height
        Where the person's centre is [m above ground]: 1.1 standing, 0.75 sitting.

    Raises
    ------
    ValueError
        A raster of another shape, a pixel size that is not positive or too small for the view.
    """

    def __init__(
        self,
        buildings: U8,
        *,
        pixel_size: float,
        albedo: F32,
        wall_height: F32,
        wall_aspect: F32,
        wall_albedo: float = 0.2,
        person_height: float = 1.1,
    ) -> None: ...
    def albnosh(self) -> dict[str, F32]:
        """Albedo the ground shows where nothing is in shadow.

        Returns
        -------
        dict[str, F32]
            ``gvfalbnosh`` from all sides, ``gvfalbnoshE``, ``S``, ``W``, ``N`` [0-1], ``[row,
            col]``.
        """
    def evaluate(
        self,
        *,
        wall_sun: F32,
        shadow: F32,
        ground_excess: F32,
        wall_excess: float,
        ta: float,
        emissivity: F32,
        albedo: F32,
        wall_emissivity: float = 0.9,
        sums: bool = False,
        engine: Engine | None = None,
    ) -> dict[str, F32]:
        """The ground views of one step.

        Parameters
        ----------
        wall_sun
            Height of the wall in the sun [m], as :meth:`Scene.shadows` gives ``wallsun``.
        shadow
            1 in the sun, 0 in the shade.
        ground_excess
            Ground above air temperature in the sun [K].
        wall_excess
            Walls above air temperature in the sun [K].
        ta
            Air temperature [deg C].
        emissivity, albedo
            Of the ground [0-1].
        wall_emissivity
            Of the walls [0-1].
        sums
            Also ``gvfSum`` and ``gvfNorm``.
        engine
            Where to compute; None = the CPU.

        Returns
        -------
        dict[str, F32]
            ``[row, col]`` each, with the reference's names: ``gvfLup``, longwave from the ground [W
            m-2], and ``gvfalb``, albedo of what is in the sun [0-1], from all sides and, with E S W
            N, from each; with ``sums`` also ``gvfSum`` and ``gvfNorm``, the far view of the shadow
            with walls counting 1.

        Raises
        ------
        ValueError
            A raster of another shape.
        GpuError
            A strict ``engine`` whose device failed.
        """

# ------------------------------------------------------------------ sky, weather scalars

def clearness_index(
    altitude: F64,
    day_of_year: F64,
    ta: F64,
    rh: F64,
    global_rad: F64,
    latitude: float,
    pressure_kpa: F64,
    formulation: str = "reference",
) -> dict[str, F64]:
    """Clear-sky radiation and clearness index, row by row (R 3.3).

    Parameters
    ----------
    altitude
        Apparent altitude of the sun [deg]; this and the other arrays 1-D of one length.
    day_of_year
        1 to 366.
    ta
        Air temperature [deg C].
    rh
        Relative humidity [%].
    global_rad
        Global horizontal irradiance [W m-2].
    latitude
        [deg], north positive.
    pressure_kpa
        Air pressure [kPa]; NaN = missing, then 101.3.
    formulation
        "reference", or "improved": the published optical air mass (Q-39).

    Returns
    -------
    dict[str, F64]
        One value a row: ``i0``, clear-sky global irradiance [W m-2]; ``ci``, clearness index, not
        clipped, +inf where undefined; ``kt``, global over extraterrestrial irradiance; ``i0_et``,
        extraterrestrial irradiance on the horizontal [W m-2]; ``corr``, the index's correction for
        low sun.

    Raises
    ------
    ValueError
        Arrays of different lengths, an unknown formulation.

    References
    ----------
    - Crawford & Duchon (1999), J. Appl. Meteorol. 38, with Smith (1966)
    - Lindberg, Holmer & Thorsson (2008), Int. J. Biometeorol. 52,
      https://doi.org/10.1007/s00484-008-0162-7 (low sun)
    """

def split_global(global_rad: F64, altitude: F64, kt: F64, ta: F64, rh: F64) -> tuple[F64, F64]:
    """Beam and diffuse irradiance where only global irradiance is known, row by row (R 3.4).

    Parameters
    ----------
    global_rad
        Global horizontal irradiance [W m-2]; this and the other arrays 1-D of one length.
    altitude
        Apparent altitude of the sun [deg].
    kt
        Global over extraterrestrial irradiance, as :func:`clearness_index` gives it.
    ta
        Air temperature [deg C]; NaN or -999 and below = missing.
    rh
        Relative humidity [%]; likewise.

    Returns
    -------
    beam : F64
        Irradiance normal to the beam [W m-2].
    diffuse : F64
        Diffuse horizontal irradiance [W m-2].

    Raises
    ------
    ValueError
        Arrays of different lengths.

    References
    ----------
    Reindl et al. (1990), Sol. Energy 45, https://doi.org/10.1016/0038-092X(90)90060-P
    """

def night_clearness(
    day_index: NDArray[np.int64], altitude: F64, ci: F64, rule: str = "offerle"
) -> F64:
    """Clearness index every row works with, through the night too (R 3.6).

    Day rows have their own value, at most 1. By night, ``rule`` ``"offerle"``: before sunrise that
    of the second row of the day with the sun above 1 degree, after sunset the last of the day; 1
    where the day offers neither. Of the reference's drivers: ``"clear"``: 1; ``"evening"``: after
    sunset the last of the day, 1 from midnight on (Q-05).

    Parameters
    ----------
    day_index
        Tells the days apart, one a row, rows in order of time; the arrays are 1-D of one length.
    altitude
        Apparent altitude of the sun [deg].
    ci
        Clearness index, as :func:`clearness_index` gives it; not read at night.
    rule
        What the night takes.

    Returns
    -------
    F64
        One value a row.

    Raises
    ------
    ValueError
        Arrays of different lengths.

    References
    ----------
    Offerle et al. (2003)
    """

def perez_luminance(
    zenith: float,
    azimuth: float,
    diffuse: float,
    direct: float,
    day_of_year: int,
    patch_option: int = 2,
) -> tuple[F64, float, float]:
    """How the diffuse light is spread over the patches of the sky (R 4.3).

    Parameters
    ----------
    zenith, azimuth
        Of the sun [deg].
    diffuse
        Diffuse horizontal irradiance [W m-2].
    direct
        Irradiance normal to the beam [W m-2].
    day_of_year
        1 to 366.
    patch_option
        Division of the sky, 1 to 4.

    Returns
    -------
    luminance : F64
        One value a patch; they sum to 1.
    clearness : float
        Perez' epsilon [1].
    brightness : float
        Perez' delta [1].

    Raises
    ------
    ValueError
        An unknown option.

    References
    ----------
    Perez et al. (1993), Sol. Energy 50, https://doi.org/10.1016/0038-092X(93)90017-I
    """

def sky_emissivity(ta: float, rh: float, formula: str = "prata") -> float:
    """Emissivity of the clear sky (R 5.1).

    Parameters
    ----------
    ta
        Air temperature [deg C].
    rh
        Relative humidity [%].
    formula
        "prata", "brunt" or "dilley".

    Returns
    -------
    float
        [0-1].

    Raises
    ------
    ValueError
        An unknown formula.

    References
    ----------
    - Prata (1996), Q. J. R. Meteorol. Soc. 122
    - Jonsson et al. (2006), Theor. Appl. Climatol. 85
    - Brunt (1932), Q. J. R. Meteorol. Soc. 58
    - Dilley & O'Brien (1998), Q. J. R. Meteorol. Soc. 124
    """

def band_emissivity(sky_emissivity: float, altitude: F64, model: int = 2) -> F64:
    """Emissivity of the sky at each altitude (R 5.3).

    Parameters
    ----------
    sky_emissivity
        Of the whole sky [0-1].
    altitude
        Above the horizon [deg], above 0; 1-D.
    model
        1 Unsworth & Monteith (1975), 2 Martin & Berdahl (1984), 3 Bliss (1961).

    Returns
    -------
    F64
        One value an altitude [0-1].

    Raises
    ------
    ValueError
        An unknown model.

    References
    ----------
    - Martin & Berdahl (1984), with Nahon et al. (2019)
    - Unsworth & Monteith (1975)
    - Bliss (1961)
    """

def sunrise_hour(day_of_year: int, latitude: float) -> float:
    """Sunrise from declination and latitude (R 2.5).

    Parameters
    ----------
    day_of_year
        1 to 366.
    latitude
        [deg], north positive.

    Returns
    -------
    float
        Solar time [h], 0 (the sun does not set) to 12 (it does not rise).
    """

def leaf_on(day_of_year: int, first_day: int = 97, last_day: int = 300) -> bool:
    """Whether trees carry leaves (R 2.6).

    Parameters
    ----------
    day_of_year
        1 to 366.
    first_day, last_day
        Of the season, which may span the new year; both days themselves are outside it.

    Returns
    -------
    bool
        True in the season.
    """

def land_cover_table() -> dict[int, dict[str, float]]:
    """Default properties of land-cover classes (R 6.1); code 99 is the wall.

    Returns
    -------
    dict[int, dict[str, float]]
        By code: ``albedo`` and ``emissivity`` [0-1]; of the wave of temperature ``ts_deg`` [K per
        degree of the day's highest sun], ``tstart`` [K], ``tmaxlst`` [h, clock time of the
        maximum].

    References
    ----------
    Lindberg, Onomura & Grimmond (2016), Int. J. Biometeorol. 60
    """

# ------------------------------------------------------------------ one run

def standard_walls(
    weather: Sequence[dict[str, Any]],
    material: dict[str, float],
    *,
    params: dict[str, Any] | None = None,
    state: F64 | None = None,
) -> tuple[F64, F64, F64]:
    """Temperatures of standard walls of every aspect over some steps (R 13.3).

    Parameters
    ----------
    weather
        Steps as :meth:`Model.step` takes them.
    material
        ``conductivity`` [W m-1 K-1], ``specific_heat`` [J kg-1 K-1], ``density`` [kg m-3],
        ``thickness`` [m], ``albedo``, ``emissivity``.
    params
        As :class:`Model` takes them.
    state
        What an earlier call left; None: everything has the first air temperature.

    Returns
    -------
    tuple of F64
        Surface temperatures in the sun and in the shade [deg C], ``[step, aspect]``, every ten
        degrees from north on; and what the walls are left with, ``[wall, depth]``.

    Raises
    ------
    ValueError
        No steps, a property out of range, a state of another shape.
    KeyError
        A property or a part of the weather is missing.
    """

class Facades:
    """The walls of a raster, in pieces by height, and how warm they are (R 13).

    Parameters
    ----------
    scene
        Heights.
    wall_height
        Height of walls [m], 0 where there are none.
    wall_aspect
        Their outward normal [degrees].
    kinds
        Place of every wall's material in ``materials``.
    materials
        As :func:`standard_walls` takes one.
    spacing
        Height of a piece [m].
    ta
        Temperature to begin with [deg C].
    land_cover
        Codes of the ground before them.
    albedo, emissivity
        Its own values.
    params
        As :class:`Model` takes them.
    window
        Where the rasters lie in the scene; None: they are all of it.

    Raises
    ------
    ValueError
        Rasters of another shape, a property out of range.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        wall_height: F32,
        wall_aspect: F32,
        kinds: U8,
        materials: Sequence[dict[str, float]],
        spacing: float,
        ta: float,
        land_cover: U8 | None = None,
        albedo: F32 | None = None,
        emissivity: F32 | None = None,
        params: dict[str, Any] | None = None,
        window: tuple[int, int, int, int] | None = None,
    ) -> None: ...
    def cells(self) -> NDArray[np.int64]:
        """Rows and columns of the walls in the window.

        Returns
        -------
        NDArray[np.int64]
            ``[wall, 2]``, row by row.
        """
    def heights(self) -> NDArray[np.uint32]:
        """How many pieces every wall has.

        Returns
        -------
        NDArray[np.uint32]
            ``[wall]``.
        """
    def views(self) -> F32:
        """What every piece sees.

        Returns
        -------
        F32
            Shares of sky, foliage and other walls, ``[piece, 3]``.
        """
    def state(self) -> F64:
        """How warm every piece is by depth.

        Returns
        -------
        F64
            Temperatures [deg C], ``[piece, depth]``.
        """
    def restore(self, state: F64) -> None:
        """Go on from what :meth:`state` gave.

        Parameters
        ----------
        state
            Temperatures [deg C], ``[piece, depth]``.

        Raises
        ------
        ValueError
            Of other walls.
        """
    def step(self, weather: dict[str, Any]) -> F32:
        """Advance a step.

        Parameters
        ----------
        weather
            As :meth:`Model.step` takes it, with ``walls``: temperatures of standard walls in the
            sun and in the shade.

        Returns
        -------
        F32
            Surface temperature of every piece [deg C], mean over the step, ``[piece]``.

        Raises
        ------
        ValueError
            No temperatures of standard walls.
        """

class Model:
    """Everything of a run that does not change from step to step (R 12).

    Arrays are borrowed, not copied: leave them alone while the model lives.

    Parameters
    ----------
    scene
        Heights of the raster, or of a larger one that holds it.
    svf
        The sky view factors by name, as :meth:`SkyView.fields` gives them.
    masks
        Patch visibility by name, as :meth:`SkyView.masks` gives it; needed by the anisotropic sky,
        not read by the isotropic one.
    patch_option
        Division of the sky the masks belong to, 1 to 4.
    buildings
        1 = open ground, 0 = building.
    wall_height, wall_aspect
        Height [m] and outward normal [deg] of the wall beside a cell, 0 off the walls.
    land_cover
        Codes; None = cobble everywhere.
    albedo, emissivity
        Of the ground [0-1]; None = those of its class.
    params
        Differences from :func:`default_params`.
    engine
        Where to compute; None = the CPU.
    window
        Cells of the scene that the rasters cover; the rest of the scene only shades it. None = all.
    core
        Cells of the rasters whose results count; around them nobody looks at the ground. None =
        all.

    Raises
    ------
    ValueError
        A raster or mask of another shape, an unknown or impossible parameter, a land-cover code
        without properties, an anisotropic sky without masks.
    KeyError
        A sky view factor or mask is missing.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        svf: dict[str, F32],
        masks: dict[str, U32] | None,
        patch_option: int,
        buildings: U8,
        wall_height: F32,
        wall_aspect: F32,
        land_cover: U8 | None = None,
        albedo: F32 | None = None,
        emissivity: F32 | None = None,
        params: dict[str, Any] | None = None,
        engine: Engine | None = None,
        window: tuple[int, int, int, int] | None = None,
        core: tuple[int, int, int, int] | None = None,
    ) -> None: ...
    def new_state(self) -> State:
        """State before the first step.

        Returns
        -------
        State
            Of the shape of the model's rasters.
        """
    def new_statistics(
        self, thresholds_day: Sequence[float], thresholds_night: Sequence[float]
    ) -> Statistics:
        """Empty statistics.

        Parameters
        ----------
        thresholds_day, thresholds_night
            UTCI [deg C] whose hours are counted by day and at night.

        Returns
        -------
        Statistics
            Of the shape of the model's rasters.
        """
    def step(
        self,
        state: State,
        weather: dict[str, Any],
        *,
        outputs: Sequence[str] = ("tmrt",),
        points: NDArray[np.int64] | None = None,
        statistics: Statistics | None = None,
        air: Mapping[str, Any] | None = None,
    ) -> StepResult:
        """Advance one step (R 12).

        Parameters
        ----------
        state
            What the step before left; changed in place.
        weather
            All of: ``ta`` [deg C], ``rh`` [%], ``pressure_kpa`` [kPa, NaN = missing], ``ws`` [m/s
            at ``wind_height_m``, NaN = missing], ``global_rad`` [W m-2], ``direct_rad`` (normal to
            the beam) and ``diffuse_rad`` (horizontal) [W m-2, NaN = split the global],
            ``day_of_year``, ``clock_fraction`` [0-1, of the solar day], ``altitude``, ``azimuth``,
            ``altitude_max`` (highest sun of the day), ``latitude`` [deg], ``step_days`` [d, as the
            delay of the ground counts it], ``leaf_on``, ``night_clearness`` [1],
            ``water_temperature`` [deg C, NaN = none], ``hours`` [h, length of the step for counts
            of hours]. Altitudes from 0 to 1 count as 1, below 0 is night. ``suns``, where a step
            has several: ``(altitude, azimuth)`` of each, 1 to 5; ``altitude`` is then that whose
            sine is the mean of those that are up. ``longwave_down``, where it was measured: of the
            sky on the horizontal [W m-2], instead of the formula.
        outputs
            Names of the grids wanted, see :class:`StepResult`.
        points
            ``[point, (row, column)]``: cells where every flux is wanted.
        statistics
            What the step is counted in, changed in place; None = nowhere.
        air
            What of the air is given cell by cell (R 15): ``ta`` [deg C], ``rh`` [%], ``ws`` [m/s]
            of the model's shape, and ``ws_height_m`` [m]. ``sky``: radiation by weather cells, a
            dictionary of ``global_rad``, ``direct_rad``, ``diffuse_rad`` and ``longwave_down``, one
            at least, ``[row, col]`` of 1 to 256 cells [W m-2], NaN where it is the step's or is to
            be split; ``origin``, row and column of the centre of the first, and ``pitch``, their
            distance, in cells of the whole raster, whose first centre is (0.5, 0.5); ``first``, row
            and column at which the model begins there.

        Returns
        -------
        StepResult
            Grids, fluxes at the points, scalars, times.

        Raises
        ------
        KeyError
            A value of the weather is missing.
        ValueError
            An unknown output, a point outside, a state or statistics of another shape, too many
            suns, weather cells that are no grid or beside walls with temperatures of their own.
        GpuError
            A strict engine whose device failed.

        References
        ----------
        Lindberg, Holmer & Thorsson (2008), Int. J. Biometeorol. 52,
        https://doi.org/10.1007/s00484-008-0162-7
        """
    def period(
        self,
        state: State,
        weather: Sequence[dict[str, Any]],
        stamps: Sequence[tuple[int, list[int]]],
        statistics: PeriodStatistics,
        codes: Sequence[int],
        progress: Callable[[int, int], Any] | None = None,
    ) -> tuple[list[StepResult], str | None]:
        """Take the steps of a long period together, on the CPU.

        Parameters
        ----------
        state
            What was before the first step; that after the last one afterwards.
        weather
            Of each step, as :meth:`step` takes it.
        stamps
            Minute of the day and numbers of the groups of each step.
        statistics
            Takes the statistics.
        codes
            Land-cover codes of the whole map, of which this may be a tile; none without land cover.
        progress
            Called with (steps done, steps); an exception it raises ends the work.

        Returns
        -------
        results : list[StepResult]
            Of each step, without grids; empty if the steps cannot be taken together.
        why_not : str | None
            Why they cannot be; nothing has changed then.

        Raises
        ------
        ValueError
            Other shapes, unknown groups.
        """

class State:
    """Thermal state carried between steps (R 6.5).

    Attributes
    ----------
    first
        No day step since the last night or the start of the run.
    accumulated_days
        Time since the memory was renewed [d].
    """

    first: bool
    accumulated_days: float
    def fields(self, window: tuple[int, int, int, int] | None = None) -> dict[str, F32]:
        """The delay rasters.

        Parameters
        ----------
        window
            The part wanted; None = all.

        Returns
        -------
        dict[str, F32]
            ``[row, col]`` each: upward longwave ``lup``, ``lup_e``, ``lup_s``, ``lup_w``, ``lup_n``
            [W m-2] and ground temperature ``tg`` [deg C]; empty before the first day step.

        Raises
        ------
        ValueError
            A window outside the raster.
        """
    def take(self, window: tuple[int, int, int, int] | None = None) -> dict[str, F32]:
        """:meth:`fields` of a run that is finished: nothing is kept for a next step.

        Parameters
        ----------
        window
            The part wanted; None = all. All of them are the state's own, which has no rasters
            afterwards.

        Returns
        -------
        dict[str, F32]
            As :meth:`fields`.

        Raises
        ------
        ValueError
            A window outside the raster.
        """
    @staticmethod
    def restore(first: bool, accumulated_days: float, fields: dict[str, F32]) -> State:
        """The state with these values; inverse of reading them.

        Parameters
        ----------
        first, accumulated_days
            As the attributes.
        fields
            All six rasters of :meth:`fields`, or none before the first day step.

        Returns
        -------
        State
            Fits rasters of the shape of ``fields``; without any, of every shape.

        Raises
        ------
        KeyError
            A raster is missing.
        ValueError
            Rasters of different shapes, or none although ``first`` is false.
        """

class PeriodStatistics:
    """Statistics of a long period: by groups of steps, hours above thresholds, percentiles.

    Parameters
    ----------
    shape
        Rows and columns of the core.
    quantities
        Among tmrt, utci, pet.
    groups
        Names of groups of steps, besides those by day and at night.
    thresholds
        Name of the grid, quantity, value [deg C], counted by day, counted at night.
    percentiles
        Over all steps [%]; linear between the two values next to it, each known to 1/16 K.
    ranges
        By quantity the values that percentiles tell apart [deg C]; one outside is NaN.

    Raises
    ------
    ValueError, KeyError
        An unknown quantity, a percentile or range that makes no sense.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        *,
        quantities: list[str],
        groups: list[str],
        thresholds: list[tuple[str, str, float, bool, bool]],
        percentiles: list[float],
        ranges: dict[str, tuple[float, float]],
    ) -> None: ...
    @property
    def counts(self) -> dict[str, int]:
        """Steps counted: ``n_timesteps``, ``n_daytime``, ``n_nighttime``."""
    def add(self, hours: float, day: bool, groups: list[int], fields: dict[str, F32]) -> None:
        """Count a step.

        Parameters
        ----------
        hours
            Its length [h].
        day
            The sun is up.
        groups
            Numbers of its groups.
        fields
            Grids of the quantities and ``shadow``.

        Raises
        ------
        ValueError, KeyError
            A grid that is missing or of another shape, an unknown group.
        """
    def take(self) -> dict[str, F32]:
        """Everything by name; nothing is left afterwards.

        Returns
        -------
        dict[str, F32]
            ``[row, col]`` each: ``tmrt_mean``, ``tmrt_max_<group>``, ``utci_p95``, ``sun_hours``,
            the thresholds by their names.
        """

class Statistics:
    """Running statistics over the steps of a run; missing values are left out."""

    @property
    def counts(self) -> dict[str, int]:
        """Steps counted: ``n_timesteps``, ``n_daytime``, ``n_nighttime``."""
    def grids(self, window: tuple[int, int, int, int] | None = None) -> dict[str, F32]:
        """Means and extremes, hours of sun and shade.

        Parameters
        ----------
        window
            The part wanted; None = all.

        Returns
        -------
        dict[str, F32]
            ``[row, col]`` each: ``tmrt_mean``, ``tmrt_max``, ``tmrt_min``, ``tmrt_day_mean``,
            ``tmrt_night_mean`` and the same of ``utci`` [deg C], ``sun_hours``, ``shade_hours``
            [h].

        Raises
        ------
        ValueError
            A window outside the raster.
        """
    def take(
        self, window: tuple[int, int, int, int] | None = None
    ) -> tuple[dict[str, F32], dict[float, F32]]:
        """:meth:`grids` and :meth:`hours_above` of a run that is finished.

        Parameters
        ----------
        window
            The part wanted; None = all. All of them take the place of the statistics, which are
            gone afterwards.

        Returns
        -------
        tuple[dict[str, F32], dict[float, F32]]
            As the two.

        Raises
        ------
        ValueError
            A window outside the raster; statistics that were taken already.
        """
    def hours_above(self, window: tuple[int, int, int, int] | None = None) -> dict[float, F32]:
        """Hours with UTCI above each threshold, day thresholds by day and night ones at night.

        Parameters
        ----------
        window
            The part wanted; None = all.

        Returns
        -------
        dict[float, F32]
            By threshold [deg C]: hours [h], ``[row, col]``.

        Raises
        ------
        ValueError
            A window outside the raster.
        """

class StepResult:
    """What one step gives.

    Attributes
    ----------
    fields
        The grids asked for, ``[row, col]``: ``tmrt``, ``utci``, ``pet`` [deg C]; ``shadow`` [0-1,
        share of the beam that arrives]; ``kdown``, ``kup``, ``ldown``, ``lup``, of the cylinder
        ``kside``, ``lside``, ``kside_i`` (beam), ``kside_d`` (sky), ``drad`` (diffuse on the
        ground), of the sides ``keast`` ``ksouth`` ``kwest`` ``knorth`` ``least`` ``lsouth``
        ``lwest`` ``lnorth`` [W m-2]; ``tg`` [K, ground above air in the sun], ``tg_out`` [deg C,
        ground shaded and delayed]; ``f_sh`` [0-1, shaded share of the walls around]. Kelvin of
        Tmrt above the air: ``attribution_beam``, ``_diffuse``, ``_reflected`` (light), ``_sky``,
        ``_walls``, ``_ground``, ``_vegetation`` (longwave), ``_offset`` (Q-01).
    points
        All of these at the points, 1-D in their order; the attribution if any of it is asked for.
    scalars
        ``esky`` [0-1], ``ea`` [hPa], ``i0`` [W m-2], ``ci``, ``ci_tg`` (scales surface
        temperatures), ``ci_beam`` (against the clear-sky beam), ``kt`` [1], ``rad_i``, ``rad_d`` [W
        m-2], ``tg_wall`` [K], ``sunrise`` [h], ``perez_eps``, ``perez_delta`` [1]. Whether the
        inputs lie outside the range of UTCI [0 or 1]: ``utci_calm``, ``utci_storm`` (wind below and
        above), ``utci_damp`` (vapour pressure above), ``utci_dry`` (humidity below), ``utci_air``
        (air temperature outside); ``utci_tmrt_low``, ``utci_tmrt_high``, the Tmrt [deg C] between
        which it was fitted; ``pet_calm``, wind that PET raises to 0.1 m/s;
        ``sensor_calm``, wind that globe and wick raise to 0.13 m/s.
    sums
        Of ``ground`` and ``roofs``, over the cells of ``core``: ``tmrt``, ``utci``, ``sun`` in
        whole numbers of 2**-18 [deg C, 0-1], how many were counted (``tmrt_count``,
        ``utci_count``), and the cells ``below`` and ``above`` those Tmrt. UTCI counts nothing
        unless UTCI or statistics are asked for.
    seconds
        Time of each stage of the step [s].
    """

    fields: dict[str, F32]
    points: dict[str, F64]
    scalars: dict[str, float]
    sums: dict[str, dict[str, int]]
    seconds: dict[str, float]

def wind_ratio(
    height: float,
    from_height: float,
    wind_profile: str = "power",
    roughness_m: float | None = None,
) -> float:
    """Wind at a height for each of it at another (R 15).

    Parameters
    ----------
    height, from_height
        Above the ground [m].
    wind_profile
        "power" or "log".
    roughness_m
        Of the logarithmic profile [m].

    Returns
    -------
    float
        Above 0.

    Raises
    ------
    ValueError
        A height that is none, or no roughness for the logarithm.
    """

def alternatives() -> list[str]:
    """Names of the alternatives to formulae of the reference, which "improved" takes all.

    Returns
    -------
    list[str]
        As ``params["alternatives"]`` of :class:`Model` takes them.
    """

def default_params() -> dict[str, Any]:
    """Run parameters with their defaults; :class:`Model` refuses other keys.

    Returns
    -------
    dict[str, Any]
        ``anisotropic`` True, ``formulation`` "reference" | "improved", ``alternatives`` (single
        formulae on top of it, ``{name: bool}``, see :func:`alternatives`), ``body`` "cylinder" |
        "box", ``posture`` "standing" | "sitting", ``abs_k``, ``abs_l``, ``wall_albedo``,
        ``wall_emissivity`` [0-1], ``wall_ts_deg`` [K/deg], ``wall_tstart`` [K], ``wall_tmaxlst``
        [h], ``land_cover`` (:func:`land_cover_table` without the wall), ``no_land_cover_tstart``
        [K], ``transmissivity``, ``transmissivity_leaf_off`` [0-1], ``sky_emissivity`` "prata" |
        "brunt" | "dilley", ``sky_emissivity_offset`` [1], ``beam`` "normal" | "horizontal"
        (what ``direct_rad`` is), ``wind_height_m`` [m], ``utci_range`` None | "clip" | "flag" |
        "nan", ``pet_wind`` "1.1m" | "10m", ``pet_variant`` "1999" | "2018" | "reference", ``age``
        [a], ``weight`` [kg], ``height`` [m], ``sex`` (1 male, 2 female), ``activity`` [W],
        ``clothing`` [clo], ``max_shadow_distance_m`` [m], ``height_bound_m`` [m; None: none].
    """

# ------------------------------------------------------------------ comfort

def utci(ta: F64, rh: F64, tmrt: F64, wind_10m: F64, utci_range: str | None = None) -> F64:
    """UTCI point by point (R 10).

    The published range: air -50 to 50 deg C, Tmrt 30 below to 70 above it, wind 0.5 to 17 m/s,
    humidity from 5 %, vapour pressure up to 50 hPa.

    Parameters
    ----------
    ta
        Air temperature [deg C]; this and the other arrays of one shape.
    rh
        Relative humidity [%].
    tmrt
        Mean radiant temperature [deg C].
    wind_10m
        Wind at 10 m [m/s].
    utci_range
        What is done outside the range. None: stronger wind is taken as 17 m/s, all else as given;
        "clip": every input is brought to the end of its range; "flag": all as given; "nan": NaN.

    Returns
    -------
    F64
        UTCI [deg C] in that shape; NaN where an input is missing (NaN, codes <= -999) or the wind
        negative.

    Raises
    ------
    ValueError
        Arrays of different shapes, an unknown ``utci_range``.

    References
    ----------
    - Bröde et al. (2012), Int. J. Biometeorol. 56, https://doi.org/10.1007/s00484-011-0454-1
    - Hardy (1998) (vapour pressure)
    """

def utci_grid(
    tmrt: F32, ta: float, rh: float, wind_10m: float, utci_range: str | None = None
) -> F32:
    """UTCI of a Tmrt raster under one weather; see :func:`utci`.

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``.
    ta
        Air temperature [deg C].
    rh
        Relative humidity [%].
    wind_10m
        Wind at 10 m [m/s].
    utci_range
        As in :func:`utci`.

    Returns
    -------
    F32
        UTCI [deg C], ``[row, col]``.
    """

def utci_outside(tmrt: F32, ta: float, rh: float, wind_10m: float) -> dict[str, int]:
    """What of a Tmrt raster and its weather lies outside the range of UTCI.

    Parameters
    ----------
    tmrt, ta, rh, wind_10m
        As in :func:`utci_grid`.

    Returns
    -------
    dict[str, int]
        ``calm``, ``storm``, ``damp``, ``dry``, ``air`` (true or false), and the cells ``below`` and
        ``above``.
    """

def pet(
    ta: F64,
    rh: F64,
    tmrt: F64,
    wind: F64,
    weight: F64,
    age: F64,
    height: F64,
    activity: F64,
    clothing: F64,
    sex: NDArray[np.int64],
    *,
    sitting: bool = False,
    variant: str = "1999",
) -> F64:
    """PET point by point, solved to the root (R 11).

    Parameters
    ----------
    ta
        Air temperature [deg C]; this and the other arrays of one shape.
    rh
        Relative humidity [%].
    tmrt
        Mean radiant temperature [deg C].
    wind
        Wind at 1.1 m [m/s], raised to 0.1.
    weight
        Of the body [kg].
    age
        [a].
    height
        Of the body [m].
    activity
        Work metabolism above that at rest [W].
    clothing
        Insulation [clo], at least 0.02.
    sex
        1 male, 2 female.
    sitting
        Matters to the variant of 2018.
    variant
        "1999" Höppe, following one branch; "2018" the revision of Walther & Goestchel; "reference"
        Höppe by the reference's six regimes.

    Returns
    -------
    F64
        PET [deg C] in that shape; NaN where an input is missing, the wind negative or the body
        impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes, a ``sex`` other than 1 and 2, an unknown ``variant``.

    References
    ----------
    - Höppe (1999), Int. J. Biometeorol. 43, https://doi.org/10.1007/s004840050118
    - Walther & Goestchel (2018), Build. Environ. 137, https://doi.org/10.1016/j.buildenv.2018.03.054
    """

def pet_grid(
    tmrt: F32,
    ta: float,
    rh: float,
    wind: float,
    *,
    weight: float,
    age: float,
    height: float,
    activity: float,
    clothing: float,
    sex: int,
    sitting: bool = False,
    variant: str = "1999",
) -> F32:
    """PET of a Tmrt raster under one weather for one person, within 5e-4 K of :func:`pet`.

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``.
    ta, rh, wind, weight, age, height, activity, clothing, sex, sitting, variant
        As in :func:`pet`, one value each.

    Returns
    -------
    F32
        PET [deg C], ``[row, col]``.

    Raises
    ------
    ValueError
        An impossible body, an unknown ``variant``.
    """

def sensor_loads(
    kdown: F32,
    kup: F32,
    kside: F32,
    ldown: F32,
    lup: F32,
    lside: F32,
    beam: F32,
    altitude: float,
) -> tuple[F32, F32]:
    """What globe and wick absorb of the fluxes around them (R 14.1).

    Parameters
    ----------
    kdown, kup, kside
        Shortwave [W m-2] from above with the beam, from below, on upright faces without the beam,
        ``[row, col]``.
    ldown, lup, lside
        Longwave likewise [W m-2].
    beam
        The beam that arrives, normal to it [W m-2].
    altitude
        Of the sun [deg].

    Returns
    -------
    globe_load, wick_load : F32
        [W m-2], ``[row, col]``.

    Raises
    ------
    ValueError
        Rasters of different shapes.
    """

def wbgt(globe_load: F64, wick_load: F64, ta: F64, rh: F64, wind: F64, pressure: F64) -> F64:
    """WBGT point by point, solved to the root (R 14).

    Parameters
    ----------
    globe_load, wick_load
        What globe and wick absorb [W m-2]; this and the other arrays of one shape.
    ta, rh, wind, pressure
        Air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air pressure [hPa].

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes.
    """

def wbgt_grid(
    globe_load: F32, wick_load: F32, ta: float, rh: float, wind: float, pressure: float
) -> F32:
    """WBGT of rasters under one weather, within 5e-4 K of :func:`wbgt`.

    Parameters
    ----------
    globe_load, wick_load
        What globe and wick absorb [W m-2], ``[row, col]``.
    ta, rh, wind, pressure
        Air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air pressure [hPa].

    Returns
    -------
    F32
        [deg C], ``[row, col]``; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Rasters of different shapes.
    """

def metabolic_rate(weight: float, age: float, height: float, activity: float, sex: int) -> float:
    """Metabolic rate of a person over the surface of the body, as PET has it (R 11.1).

    Parameters
    ----------
    weight, age, height, activity, sex
        [kg], [years], [m], [W] above the basal metabolism; 1 male, 2 female.

    Returns
    -------
    float
        [W m-2].

    Raises
    ------
    ValueError
        Another ``sex``.
    """

def standard_effective(
    tmrt: F64,
    ta: F64,
    rh: F64,
    wind: F64,
    pressure: F64,
    metabolism: F64,
    clothing: F64,
    *,
    sitting: bool = False,
) -> F64:
    """SET* point by point, solved (R 14.7).

    Parameters
    ----------
    tmrt, ta, rh, wind, pressure
        Mean radiant and air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air
        pressure [hPa]; arrays of one shape, as what follows.
    metabolism, clothing
        Of the person [W m-2], [clo].
    sitting
        Rather than standing.

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes.
    """

def standard_effective_grid(
    tmrt: F32,
    ta: float,
    rh: float,
    wind: float,
    pressure: float,
    metabolism: float,
    clothing: float,
    *,
    sitting: bool = False,
) -> F32:
    """SET* of a raster under one weather, for one person.

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``.
    ta, rh, wind, pressure
        Air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air pressure [hPa].
    metabolism, clothing
        [W m-2], [clo].
    sitting
        Rather than standing.

    Returns
    -------
    F32
        [deg C], ``[row, col]``; NaN where something is missing or impossible.
    """

def natural_wet_bulb(wick_load: F64, ta: F64, rh: F64, wind: F64, pressure: F64) -> F64:
    """Temperature of a wet wick point by point, solved to the root (R 14.3).

    Parameters
    ----------
    wick_load
        What its side absorbs [W m-2]; this and the other arrays of one shape.
    ta, rh, wind, pressure
        Air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air pressure [hPa].

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes.
    """

def psychrometric_wet_bulb(ta: F64, rh: F64, wind: F64, pressure: F64) -> F64:
    """The same of a wick that radiation neither reaches nor leaves.

    Parameters
    ----------
    ta, rh, wind, pressure
        Air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air pressure [hPa].

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes.
    """

def wet_bulb_grid(wick_load: F32, ta: float, rh: float, wind: float, pressure: float) -> F32:
    """Temperature of a wet wick under one weather, within 5e-4 K of :func:`natural_wet_bulb`.

    Parameters
    ----------
    wick_load
        What its side absorbs [W m-2], ``[row, col]``.
    ta, rh, wind, pressure
        Air temperature [deg C], relative humidity [%], wind at 1.1 m [m/s], air pressure [hPa].

    Returns
    -------
    F32
        [deg C], ``[row, col]``; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        A raster that is not C-contiguous.
    """

def globe(globe_load: F64, ta: F64, wind: F64, pressure: F64, diameter: float) -> F64:
    """Temperature of a black globe point by point, solved to the root (R 14.2).

    Parameters
    ----------
    globe_load
        Its mean irradiance [W m-2]; this and the other arrays of one shape.
    ta, wind, pressure
        Air temperature [deg C], wind at 1.1 m [m/s], air pressure [hPa].
    diameter
        Of the globe [m], 0.005-1.

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes, a diameter out of range.
    """

def globe_grid(globe_load: F32, ta: float, wind: float, pressure: float, diameter: float) -> F32:
    """Temperature of a black globe under one weather, within 5e-4 K of :func:`globe`.

    Parameters
    ----------
    globe_load
        Its mean irradiance [W m-2], ``[row, col]``.
    ta, wind, pressure
        Air temperature [deg C], wind at 1.1 m [m/s], air pressure [hPa].
    diameter
        Of the globe [m], 0.005-1.

    Returns
    -------
    F32
        [deg C], ``[row, col]``; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        A diameter out of range.
    """

def apparent(tmrt: F64, ta: F64, rh: F64, wind_10m: F64) -> F64:
    """Apparent temperature with radiation, point by point (R 14.5).

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C]; this and the other arrays of one shape.
    ta, rh, wind_10m
        Air temperature [deg C], relative humidity [%], wind at 10 m [m/s].

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes.
    """

def apparent_shade(ta: F64, rh: F64, wind_10m: F64) -> F64:
    """Apparent temperature without radiation, point by point (R 14.5).

    Parameters
    ----------
    ta, rh, wind_10m
        Air temperature [deg C], relative humidity [%], wind at 10 m [m/s].

    Returns
    -------
    F64
        [deg C] in that shape; NaN where something is missing or impossible.

    Raises
    ------
    ValueError
        Arrays of different shapes.
    """

# ------------------------------------------------------------------ engine

class GpuError(RuntimeError):
    """A failure of the GPU engine.

    Attributes
    ----------
    stage
        Where it happened; None outside of stages.
    kind
        "no_adapter", "limit_exceeded", "out_of_memory", "device_lost", "validation", "shader",
        "readback", "self_test", "wrong_thread", "panic" or "unsupported".
    reason
        In words.
    """

    stage: str | None
    kind: str
    reason: str

def gpu_compiled() -> bool:
    """Whether this build carries a GPU engine.

    Returns
    -------
    bool
        Says nothing about a device being there.
    """

def gpu_adapters(backends: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Adapters of this machine; opens no device.

    Parameters
    ----------
    backends
        Which to ask, among "vulkan", "metal", "dx12", "gl"; None = all.

    Returns
    -------
    list[dict[str, Any]]
        Of each: ``index`` (position within its backend), ``name``, ``backend``, ``device_type``
        ("discrete", "integrated", "virtual", "cpu", "other"), ``driver``, ``driver_info``,
        ``vendor``, ``device``, ``affinity`` ("worker_safe", "requires_main_thread"),
        ``timestamps``, ``limits`` (bytes and counts by WebGPU name).

    Raises
    ------
    GpuError
        An unknown backend.
    """

def open_gpu(
    backend: str,
    index: int,
    *,
    limits: dict[str, int] | None = None,
    memory_budget: int | None = None,
    faults: dict[str, str] | None = None,
) -> Gpu:
    """Open and test a device.

    Parameters
    ----------
    backend
        "vulkan", "metal", "dx12" or "gl".
    index
        The adapter's position within its backend.
    limits
        Lower limits, by WebGPU name; ``timestamp_query`` 0: do without timestamps.
    memory_budget
        Most bytes allocated at a time; None = 3 GiB.
    faults
        Kind by stage: those of :meth:`Gpu.inject_fault`, waiting from the start. For tests.

    Returns
    -------
    Gpu
        Ready to work.

    Raises
    ------
    GpuError
        No such adapter, or it cannot be opened or fails the test.
    """

class Gpu:
    """An open, tested device. Stages that use it run one at a time."""

    @property
    def name(self) -> str:
        """Name of the adapter, as its driver says it."""
    @property
    def backend(self) -> str:
        """How the device is reached: "vulkan", "metal", "dx12" or "gl"."""
    @property
    def driver(self) -> str:
        """Name and version of the driver."""
    @property
    def device_type(self) -> str:
        """Kind of device: "discrete", "integrated", "virtual", "cpu" or "other"."""
    @property
    def affinity(self) -> str:
        """Who may use it: "worker_safe", any thread; "requires_main_thread", its opener's only."""
    @property
    def limits(self) -> dict[str, int]:
        """Limits granted, by WebGPU name [bytes and counts]."""
    @property
    def timing(self) -> str:
        """Where :meth:`stage_times` come from: "timestamp" or "fence"."""
    @property
    def memory_budget(self) -> int:
        """Most bytes allocated at a time."""
    def self_test(self) -> dict[str, float]:
        """Compare every stage with the CPU, twice.

        Returns
        -------
        dict[str, float]
            Largest difference by stage.

        Raises
        ------
        GpuError
            One beyond its tolerance, or two runs that differ in a bit.
        """
    def counters(self) -> dict[str, int]:
        """What the device has done and holds.

        Returns
        -------
        dict[str, int]
            ``dispatches``, ``submissions``, ``readbacks``; ``bytes_up``, ``bytes_down`` [bytes];
            ``longest_us`` (wait for a submission), ``longest_dispatch_us`` [us]; ``allocated``,
            ``peak_allocated``, ``pooled`` [bytes]; ``reopened``; ``lost`` (0 or 1).
        """
    def stage_times(self) -> dict[str, float]:
        """Time on the device by stage since the last :meth:`reset_counters`.

        Returns
        -------
        dict[str, float]
            [s], measured as :attr:`timing` says.
        """
    def reset_counters(self) -> None:
        """Set what :meth:`counters` and :meth:`stage_times` add up to zero."""
    def free_pooled(self) -> int:
        """Give buffers waiting for reuse back to the driver.

        Returns
        -------
        int
            How much that was [bytes].
        """
    def release(self) -> None:
        """Forget the rasters that stay on the device between calls."""
    def destroy(self) -> None:
        """Destroy the device; the next use finds it lost."""
    def inject_fault(self, stage: str, kind: str, times: int = 1) -> None:
        """Let a fault happen in a stage. For tests.

        Parameters
        ----------
        stage
            Where.
        kind
            "destroy", "map", "limits", "shader", "validation", "panic", "out_of_memory" or
            "wrong_answer".
        times
            How often.

        Raises
        ------
        GpuError
            An unknown kind.
        """
    def largest_window(
        self,
        patch_option: int,
        vegetation: bool,
        anisotropic: bool,
        sides: bool,
        attribution: bool = False,
        heated: bool = False,
    ) -> int:
        """How large a raster the device takes, were all of it computed.

        Parameters
        ----------
        patch_option
            Division of the sky, 1 to 4.
        vegetation
            Whether there are trees.
        anisotropic
            Whether the sky is patch by patch.
        sides
            Whether the fluxes of the four sides are computed.
        attribution
            Whether that of Tmrt is.
        heated
            Whether walls have temperatures of their own.

        Returns
        -------
        int
            Most cells that fit its limits and the budget.

        Raises
        ------
        ValueError
            An unknown option.
        """
    def footprint(
        self,
        patch_option: int,
        vegetation: bool,
        anisotropic: bool,
        sides: bool,
        attribution: bool = False,
        heated: bool = False,
        air: bool = False,
    ) -> dict[str, int]:
        """What a run takes of the device, and what there is.

        Parameters
        ----------
        patch_option, vegetation, anisotropic, sides, attribution, heated
            As in :meth:`largest_window`.
        air
            Is given cell by cell.

        Returns
        -------
        dict[str, int]
            Bytes a cell: ``heights`` (of a tile and what shades it), ``cells`` (of what is
            computed), ``largest_heights``, ``largest_cells`` (of the largest single buffer of
            each), ``readback``; and bytes: ``budget``, ``largest_buffer``, ``largest_binding``.

        Raises
        ------
        ValueError
            An unknown option.
        """

class Engine:
    """Where stages run; ``engine=None`` anywhere means the CPU.

    Parameters
    ----------
    policy
        "cpu"; "auto": the device, with a logged and counted fallback; "gpu": the device or
        :class:`GpuError`.
    gpu
        The device; needed by "gpu".
    failure
        Why the device meant for this engine could not be opened; logged and counted under "open".

    Raises
    ------
    ValueError
        An unknown policy, or "gpu" without a device.
    """

    def __init__(
        self, policy: str = "cpu", gpu: Gpu | None = None, *, failure: str | None = None
    ) -> None: ...
    @property
    def policy(self) -> str:
        """What was asked for: "auto", "cpu" or "gpu"."""
    @property
    def gpu(self) -> Gpu | None:
        """The device, if any."""
    def tally(self) -> dict[str, dict[str, Any]]:
        """As the module's :func:`tally`, of this engine alone.

        Returns
        -------
        dict[str, dict[str, Any]]
            By stage.
        """

def set_threads(n: int) -> None:
    """Size of the rayon pool; only before its first use.

    Parameters
    ----------
    n
        Threads, at least 1.

    Raises
    ------
    RuntimeError
        The pool is at work already.
    """

def tally() -> dict[str, dict[str, Any]]:
    """What has run where, in the whole process.

    Returns
    -------
    dict[str, dict[str, Any]]
        By stage: ``gpu_runs``, ``cpu_runs``, ``fallbacks``, ``last_reason`` (of a fallback, or
        None), ``seconds`` [s].
    """

def reset_tally() -> None:
    """Set every count of :func:`tally` to zero."""
