"""Typed face of the compiled engine.

Every 2-D raster is C-contiguous ``[row, col]``, row 0 north, column 0 west. Heights in metres,
angles in degrees (azimuth clockwise from north), radiation in W m-2, temperatures in deg C.
Functions release the GIL and use the rayon pool. Bad shapes raise ``ValueError``; a panic in the
engine raises ``RuntimeError``.
"""

from collections.abc import Callable, Sequence
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
    """Fill ``out`` with stretches of ``length`` bytes of a file, the first at byte ``first``, one
    every ``stride`` bytes. Raises OSError where the file ends before.
    """

def write_stretches(path: str, first: int, stride: int, length: int, content: U8) -> None:
    """Write ``content`` as such stretches into a file that is there. Raises OSError."""

# ------------------------------------------------------------------ geometry

class Scene:
    """Immutable geometry of one raster, in the form the ray marcher reads.

    ``dsm`` and ``dem`` are absolute heights, ``canopy`` and ``trunk`` heights above ground
    (spec G 1.3: base = dem if given, else dsm; below 0.1 m = absent; NaN = absent). ``trunk=None``
    with a canopy means ``trunk_ratio * canopy``. NaN in ``dsm`` = no data.

    A part of a larger raster takes ``datum`` from the whole's scene and says with ``vegetation``
    whether the whole has some; its results are then those of the whole, bit for bit.
    """

    def __init__(
        self,
        dsm: F32,
        *,
        pixel_size: float,
        dem: F32 | None = None,
        canopy: F32 | None = None,
        trunk: F32 | None = None,
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
    def datum(self) -> float:
        """Height subtracted from every layer before it is rounded [m]."""
    @property
    def relief_m(self) -> float:
        """No ray meets anything higher than this above its start [m]."""
    def valid_mask(self) -> Bool:
        """Cells with data."""
    def canopy_top(self) -> F32:
        """Absolute canopy top, NaN where absent."""
    def trunk_top(self) -> F32:
        """Absolute underside of the canopy, NaN where absent."""
    def bush(self) -> Bool:
        """Cells whose vegetation shades itself from step 0 (spec G 1.4)."""
    def trunk_absent(self) -> Bool:
        """Cells without a trunk zone; everywhere without vegetation."""
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
        """Sky view factors and visibility of the sky patches (spec G 5).

        ``patch_option`` 1, 2, 3, 4: 145, 153, 305, 609 patches. ``height_bound_m`` ends shadows
        that far below their source (None: they do not). ``normalised_sectors`` makes the
        directional factors of open ground 1; ``zenith_canopy`` "reference" | "overhead": whether
        a canopy straight up shades the cell south of it or the one below. ``progress`` gets
        ``(rows done, rows)``; an exception it raises ends the work. ``window`` (first row, end
        row, first column, end column): compute these cells only; the result has their shape and
        equals that part of the whole.
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
        """``sh``, ``vegsh``, ``vbshvegsh`` (uint8, 1 = lit) and, with walls, ``wallsh``,
        ``wallsun``, ``wallshve``, ``facesun`` (float32).
        """

class SkyView:
    """Result of :meth:`Scene.svf`."""

    @property
    def patch_option(self) -> int:
        """Number of the sky division, 1-4."""
    def fields(self) -> dict[str, F32]:
        """15 grids: ``svf``, ``svf_east`` ... ``svf_north``, ``svf_veg``, ``svf_veg_east`` ...,
        ``svf_aveg``, ``svf_aveg_east`` ... NaN where the scene has no data.
        """
    def masks(self) -> dict[str, U32]:
        """``shmat`` and, with vegetation, ``vegshmat``, ``vbshmat``: ``[row, col, word]``; patch i
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

    ``trunk_absent``: cells without a trunk zone, as :meth:`Scene.trunk_absent` gives them.
    """

def patch_table(patch_option: int) -> dict[str, F64]:
    """``altitude``, ``azimuth``, ``solid_angle``, ``band`` per patch."""

def ray_offsets(
    azimuth: float, altitude: float, pixel_size: float, steps: int
) -> tuple[NDArray[np.int32], F64, F64]:
    """``[k, (drow, dcol)]``, distance d_k and height h_k [m] for k = 0..steps-1 (spec G 2.1)."""

def wall_height(dsm: F32, wall_limit: float = 1.0) -> F32:
    """How far the highest of the four neighbours rises above a cell [m], 0 below ``wall_limit``
    (spec G 6.1).
    """

def wall_aspect(dsm: F32, wall_height: F32, pixel_size: float, *, improved: bool = False) -> F32:
    """Outward normal of the wall beside a cell [degrees], 0 off the walls (Goodwin et al. 2009,
    spec G 6.2). ``improved``: without the reference's turn and dependence on base elevation.
    """

def buildings_mask(dsm: F32, *, dem: F32 | None = None, land_cover: U8 | None = None) -> U8:
    """1 = open ground, 0 = building (spec G 1.6); land cover wins when both are given."""

class GroundView:
    """Ground view factors with cached geometry (spec G 7)."""

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
        """``gvfalbnosh`` and ``gvfalbnoshE`` S W N."""
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
        """``gvfLup``, ``gvfalb`` and their E S W N (names as in the reference), with ``sums`` also
        ``gvfSum``, ``gvfNorm``.
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
    """``i0``, ``ci`` (unclipped, +inf where undefined), ``kt``, ``i0_et``, ``corr`` (spec R 3.3).
    NaN pressure = missing.
    """

def split_global(global_rad: F64, altitude: F64, kt: F64, ta: F64, rh: F64) -> tuple[F64, F64]:
    """Beam normal and diffuse horizontal irradiance (Reindl, spec R 3.4)."""

def night_clearness(day_index: NDArray[np.int64], altitude: F64, ci: F64) -> F64:
    """Clearness index for every row by the Offerle rule (spec R 3.6): day rows their own capped
    value, night rows the value the night receives.
    """

def perez_luminance(
    zenith: float,
    azimuth: float,
    diffuse: float,
    direct: float,
    day_of_year: int,
    patch_option: int = 2,
) -> tuple[F64, float, float]:
    """Normalised luminance per patch (sum 1), clearness epsilon, brightness delta (spec R 4.3)."""

def sky_emissivity(ta: float, rh: float) -> float:
    """Clear-sky emissivity from air temperature [deg C] and relative humidity [%]
    (Prata 1996).
    """

def band_emissivity(sky_emissivity: float, altitude: F64, model: int = 2) -> F64:
    """Emissivity of the sky at each altitude. ``model`` 1 Unsworth & Monteith (1975), 2 Martin &
    Berdahl (1984), 3 Bliss (1961).
    """

def sunrise_hour(day_of_year: int, latitude: float) -> float:
    """Sunrise [h, solar time] from declination and latitude."""

def leaf_on(day_of_year: int, first_day: int = 97, last_day: int = 300) -> bool:
    """Whether trees carry leaves; the season may span the new year, its first and last day are
    outside it.
    """

def land_cover_table() -> dict[int, dict[str, float]]:
    """``{code: {albedo, emissivity, ts_deg, tstart, tmaxlst}}`` (spec R 6.1 defaults)."""

# ------------------------------------------------------------------ one run

class Model:
    """Everything of a run that does not change from step to step. Arrays are borrowed, not copied.

    ``params`` keys and defaults: see :func:`default_params`.
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
    ) -> None:
        """``window``: (row, end row, column, end column) of the scene that the rasters cover; the
        rest of the scene only shades it. ``core``: likewise, of the rasters, the cells whose
        results count; around them nobody looks at the ground. ``None`` = all of it.
        """
    def new_state(self) -> State:
        """State before the first step."""
    def new_statistics(
        self, thresholds_day: Sequence[float], thresholds_night: Sequence[float]
    ) -> Statistics:
        """Empty statistics; thresholds of UTCI [deg C] whose hours are counted."""
    def step(
        self,
        state: State,
        weather: dict[str, float | bool],
        *,
        outputs: Sequence[str] = ("tmrt",),
        points: NDArray[np.int64] | None = None,
        statistics: Statistics | None = None,
    ) -> StepResult:
        """Advance one step. ``weather`` keys: ``ta``, ``rh``, ``pressure_kpa`` (NaN = missing),
        ``ws`` (at ``wind_height_m``), ``global_rad``, ``direct_rad`` (beam normal, NaN = split),
        ``diffuse_rad`` (NaN = split), ``day_of_year``, ``clock_fraction`` (0-1, of the stamp),
        ``altitude``, ``azimuth``, ``altitude_max``, ``latitude``, ``step_days``, ``leaf_on``,
        ``night_clearness``, ``water_temperature`` (NaN = none), ``hours`` (length of the step for
        hour counts). ``points`` is ``[n, (row, col)]``: cells where every flux is wanted. An
        altitude from 0 to 1 counts as 1 (the reference's low-sun rule); below 0 is night.
        """

class State:
    """Thermal state carried between steps (spec R 6.5)."""

    first: bool
    accumulated_days: float
    def fields(self, window: tuple[int, int, int, int] | None = None) -> dict[str, F32]:
        """Delay rasters ``lup``, ``lup_e``, ``lup_s``, ``lup_w``, ``lup_n``, ``tg``, or
        ``(row, end row, column, end column)`` of them; empty before the first day step.
        """
    @staticmethod
    def restore(first: bool, accumulated_days: float, fields: dict[str, F32]) -> State:
        """The state with these values; inverse of reading them."""

class Statistics:
    """Running statistics over the steps of a run; NaN-aware."""

    @property
    def counts(self) -> dict[str, int]:
        """``n_timesteps``, ``n_daytime``, ``n_nighttime``."""
    def grids(self, window: tuple[int, int, int, int] | None = None) -> dict[str, F32]:
        """``tmrt_mean``, ``tmrt_max``, ``tmrt_min``, ``tmrt_day_mean``, ``tmrt_night_mean``, the
        same for ``utci``, ``sun_hours``, ``shade_hours``; of a window as :meth:`State.fields`.
        """
    def hours_above(self, window: tuple[int, int, int, int] | None = None) -> dict[float, F32]:
        """Hours with UTCI above each threshold (day thresholds by day, night ones at night)."""

class StepResult:
    fields: dict[str, F32]
    """Requested grids: tmrt utci pet shadow kdown kup ldown lup kside lside kside_i kside_d drad
    keast ksouth kwest knorth least lsouth lwest lnorth tg tg_out f_sh."""
    points: dict[str, F64]
    """Every flux above at the requested points, in their order."""
    scalars: dict[str, float]
    """esky ea i0 ci ci_tg (scales surface temperatures) ci_beam (against the clear-sky beam) kt
    rad_i rad_d tg_wall sunrise perez_eps perez_delta, and the means over valid cells tmrt_mean
    utci_mean (NaN unless UTCI or statistics are asked for) sun_fraction."""
    seconds: dict[str, float]
    """Time of each stage of the step [s]."""

def default_params() -> dict[str, Any]:
    """Run parameters with their defaults; ``Model`` refuses other keys.

    ``anisotropic`` True, ``formulation`` "reference" | "improved", ``body`` "cylinder" | "box",
    ``posture`` "standing" | "sitting", ``abs_k``, ``abs_l``, ``wall_albedo``,
    ``wall_emissivity``, ``wall_ts_deg``, ``wall_tstart``, ``wall_tmaxlst``, ``land_cover``
    (:func:`land_cover_table` without the wall), ``no_land_cover_tstart``, ``transmissivity``,
    ``transmissivity_leaf_off``, ``beam`` "normal" | "horizontal", ``wind_height_m``,
    ``utci_wind_floor`` (0 or None: none), ``pet_wind`` "1.1m" | "10m", ``age``, ``weight``,
    ``height``, ``sex`` (1 male, 2 female), ``activity``, ``clothing``,
    ``max_shadow_distance_m``, ``height_bound_m`` (None: none).
    """

# ------------------------------------------------------------------ comfort

def utci(ta: F64, rh: F64, tmrt: F64, wind_10m: F64) -> F64:
    """UTCI [deg C] point by point (Bröde et al. 2012, R 10); arrays of one shape.

    Air temperature [deg C], relative humidity [%], mean radiant temperature [deg C], wind at 10 m
    [m/s]. Computed as given outside the published range; missing input (NaN, codes <= -999) and
    negative wind give NaN.
    """

def utci_grid(tmrt: F32, ta: float, rh: float, wind_10m: float) -> F32:
    """UTCI [deg C] of a Tmrt raster under one weather; see :func:`utci`."""

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
) -> F64:
    """PET [deg C] point by point (Höppe 1999, R 11), solved to the root; arrays of one shape.

    ``wind`` at 1.1 m [m/s]; body in kg, years, m, W above rest, clo; ``sex`` 1 male, 2 female
    (others: ``ValueError``). Missing input, wind <= 0 and impossible bodies (clothing below
    0.02 clo) give NaN.
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
) -> F32:
    """PET [deg C] of a Tmrt raster under one weather for one person, within 5e-4 K of :func:`pet`.

    An impossible body is a ``ValueError``.
    """

# ------------------------------------------------------------------ engine

class GpuError(RuntimeError):
    """A failure of the GPU engine. ``kind`` is one of no_adapter, limit_exceeded, out_of_memory,
    device_lost, validation, shader, readback, self_test, wrong_thread, panic, unsupported.
    """

    stage: str | None
    kind: str
    reason: str

def gpu_compiled() -> bool:
    """Whether this build carries a GPU engine."""

def gpu_adapters(backends: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Adapters of this machine; opens no device. ``backends`` among "vulkan", "metal", "dx12",
    "gl"; None = all. Keys: ``index`` (position within its backend), ``name``, ``backend``,
    ``device_type`` ("discrete", "integrated", "virtual", "cpu", "other"), ``driver``,
    ``driver_info``, ``vendor``, ``device``, ``affinity`` ("worker_safe", "requires_main_thread"),
    ``timestamps``, ``limits`` (bytes and counts by WebGPU name).
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

    ``index`` is the adapter's position within its backend. ``limits`` lowers limits by WebGPU name
    (``timestamp_query`` 0: do without timestamps);
    ``memory_budget`` [bytes] bounds what is allocated (None: 3 GiB); ``faults`` are those of
    :meth:`Gpu.inject_fault`, waiting from the start. Raises :class:`GpuError`.
    """

class Gpu:
    """An open, tested device. Stages that use it run one at a time."""

    @property
    def name(self) -> str: ...
    @property
    def backend(self) -> str: ...
    @property
    def driver(self) -> str: ...
    @property
    def device_type(self) -> str: ...
    @property
    def affinity(self) -> str: ...
    @property
    def limits(self) -> dict[str, int]:
        """Limits granted, by WebGPU name."""
    @property
    def timing(self) -> str:
        """Where :meth:`stage_times` come from: "timestamp" or "fence"."""
    @property
    def memory_budget(self) -> int:
        """Most bytes allocated at a time."""
    def self_test(self) -> dict[str, float]:
        """Largest difference from the CPU per stage; :class:`GpuError` beyond tolerance or where
        two runs differ in a bit.
        """
    def counters(self) -> dict[str, int]:
        """``dispatches``, ``submissions``, ``readbacks``, ``bytes_up``, ``bytes_down``,
        ``longest_us`` (longest wait for a submission), ``longest_dispatch_us``, ``allocated``,
        ``peak_allocated``, ``pooled`` [bytes], ``reopened``, ``lost`` (0 or 1).
        """
    def stage_times(self) -> dict[str, float]:
        """Seconds on the device per stage since the last :meth:`reset_counters`."""
    def reset_counters(self) -> None: ...
    def free_pooled(self) -> int:
        """Give buffers waiting for reuse back to the driver; returns their bytes."""
    def release(self) -> None:
        """Forget the rasters that stay on the device between calls."""
    def destroy(self) -> None:
        """Destroy the device; the next use finds it lost."""
    def inject_fault(self, stage: str, kind: str, times: int = 1) -> None:
        """For tests. Kinds: destroy, map, limits, shader, validation, panic, out_of_memory,
        wrong_answer.
        """
    def largest_window(
        self, patch_option: int, vegetation: bool, anisotropic: bool, sides: bool
    ) -> int:
        """Most cells that fit the device's limits and the budget, were all of them computed."""
    def footprint(
        self, patch_option: int, vegetation: bool, anisotropic: bool, sides: bool
    ) -> dict[str, int]:
        """Bytes a cell: ``heights`` (of a tile and what shades it), ``cells`` (of what is
        computed), the largest single buffer of each (``largest_...``), ``readback``; and bytes:
        ``budget``, ``largest_buffer``, ``largest_binding``.
        """

class Engine:
    """Where stages run. ``policy`` "cpu"; "auto": the device, with a logged and counted fallback;
    "gpu": the device or :class:`GpuError`. ``engine=None`` anywhere means the CPU. ``failure``: why
    the device meant for this engine could not be opened; logged and counted under "open".
    """

    def __init__(
        self, policy: str = "cpu", gpu: Gpu | None = None, *, failure: str | None = None
    ) -> None: ...
    @property
    def policy(self) -> str: ...
    @property
    def gpu(self) -> Gpu | None: ...
    def tally(self) -> dict[str, dict[str, Any]]:
        """As the module's :func:`tally`, of this engine alone."""

def set_threads(n: int) -> None:
    """Size of the rayon pool; only before its first use, else ``RuntimeError``."""

def tally() -> dict[str, dict[str, Any]]:
    """Per stage, of the whole process: ``gpu_runs``, ``cpu_runs``, ``fallbacks``, ``last_reason``,
    ``seconds``.
    """

def reset_tally() -> None:
    """Set every count of :func:`tally` to zero."""
