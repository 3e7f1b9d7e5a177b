"""One whole step of the model (R 12)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.reference_model import (
    anisotropic,
    attribution,
    geometry,
    gvf,
    radiation,
    sky,
    skyview,
    tmrt,
)
from tests.reference_model.ground import LAND_COVER, Delay, day_wave

F64 = NDArray[np.float64]

AROUND = ("", "E", "S", "W", "N")


@dataclass
class Weather:
    """Weather and sun of one step. NaN beam or diffuse: split the global; NaN pressure: missing.

    ``clock_fraction`` is the stamp's share of the day; ``night_clearness`` is used below the
    horizon only.
    """

    ta: float
    rh: float
    global_rad: float
    altitude: float
    azimuth: float
    altitude_max: float
    day_of_year: int
    clock_fraction: float
    latitude: float
    step_days: float = 1 / 24
    direct_rad: float = np.nan
    diffuse_rad: float = np.nan
    pressure_kpa: float = np.nan
    leaf_on: bool = True
    night_clearness: float = 1.0


@dataclass
class Model:
    """What does not change from step to step."""

    scene: geometry.Scene
    svf: dict[str, F64]
    bits: skyview.Visibility | None
    patches: skyview.Patches
    open_ground: F64
    wall_height: F64
    wall_aspect: F64
    land_cover: NDArray[np.int64] | None = None
    anisotropic: bool = True
    body: tmrt.Body = field(default_factory=tmrt.Body)
    transmissivity: float = 0.03
    leaf_off_transmissivity: float = 0.5
    bare_ground_t0: float = -3.41
    height_bound: float = np.inf
    person_height: float = 1.1

    def parameter(self, column: int) -> F64:
        """Raster of a land-cover parameter; bare ground is cobble stone."""
        if self.land_cover is None:
            row = list(LAND_COVER[0])
            row[3] = self.bare_ground_t0
            return np.full(self.scene.surface.shape, row[column])
        out = np.full(self.scene.surface.shape, np.nan)
        for code in np.unique(self.land_cover):
            entry = LAND_COVER[2 if code >= 100 else int(code)]
            out[self.land_cover == code] = entry[column]
        return out

    def surroundings(self) -> radiation.Surroundings:
        suffixes = dict(zip(AROUND, ("", "_east", "_south", "_west", "_north"), strict=True))
        svf, veg, aveg = (
            {side: self.svf[f"svf{family}{suffix}"] for side, suffix in suffixes.items()}
            for family in ("", "_veg", "_aveg")
        )
        transmitting = skyview.transmitting_svf(svf[""], veg[""], self.transmissivity)
        obstruction = skyview.obstruction_angle(svf[""], veg[""])
        return radiation.Surroundings(svf, veg, aveg, transmitting, obstruction)


def sky_of(weather: Weather) -> tuple[radiation.Sky, float]:
    """Scalars of the sky, and the clearness that cools the ground wave (R 3, 5, 6.3)."""
    clear = sky.clear_emissivity(weather.ta, weather.rh)
    beam = diffuse = 0.0
    ground_clearness = 1.0
    ci = weather.night_clearness
    if weather.altitude > 0:
        w = weather
        index = sky.clearness(
            w.altitude, w.day_of_year, w.ta, w.rh, w.global_rad, w.latitude, w.pressure_kpa
        )
        ci = sky.capped(index["ci"])
        beam, diffuse = w.direct_rad, w.diffuse_rad
        if np.isnan(beam) or np.isnan(diffuse):
            beam, diffuse = sky.split_global(w.global_rad, w.altitude, index["kt"], w.ta, w.rh)
        clear_beam, clear_diffuse = sky.split_global(index["i0"], w.altitude, 1.0, w.ta, w.rh)
        clear_global = clear_beam * np.sin(w.altitude * geometry.RADIANS) + clear_diffuse
        ground_clearness = sky.capped(w.global_rad / clear_global + 1 - index["corr"])
    scalars = radiation.Sky(
        altitude=weather.altitude,
        azimuth=weather.azimuth,
        global_rad=weather.global_rad if weather.altitude > 0 else 0.0,
        diffuse=diffuse,
        beam=beam,
        ta=weather.ta,
        clear=clear,
        cloudy=sky.cloudy_emissivity(clear, ci),
        clearness=ci,
        wall_excess=0.0,
    )
    return scalars, ground_clearness


def wave(model: Model, weather: Weather, cloud: float) -> tuple[F64, float]:
    """Excess of ground and walls over air temperature [K] by day (R 6.2, 6.3)."""
    sunrise = sky.sunrise_hour(weather.day_of_year, weather.latitude)
    now = (weather.clock_fraction, sunrise, weather.altitude_max)
    ground = day_wave(*now, model.parameter(2), model.parameter(3), model.parameter(4))
    k, t0, hour = (np.array(x) for x in LAND_COVER[99][2:])
    wall = cloud * max(float(day_wave(*now, k, t0, hour)), 0.0)
    ground = cloud * ground
    if model.land_cover is not None:
        ground = np.maximum(ground, 0.0)
    return ground, wall


def sun_shadow(model: Model, weather: Weather) -> tuple[F64, F64]:
    """Combined shadow, 1 = full sun (R 7.1), and sunlit wall heights [m] (G 4).

    A cell without data counts as shaded: it reflects no beam and is no warmer than the air.
    """
    cast = geometry.cast_shadow(model.scene, weather.azimuth, weather.altitude, model.height_bound)
    psi = model.transmissivity if weather.leaf_on else model.leaf_off_transmissivity
    shadow = cast.sh - (1 - cast.vegsh) * (1 - psi)
    shadow = np.where(np.isnan(model.scene.surface), 0.0, shadow)
    walls = geometry.wall_shadow(
        model.scene, cast, weather.azimuth, model.wall_height, model.wall_aspect
    )
    return shadow, walls["wallsun"]


def day_upwelling(
    model: Model,
    weather: Weather,
    delay: Delay,
    shadow: F64,
    wall_sun: F64,
    excess: F64,
    wall: float,
) -> tuple[dict[str, F64], dict[str, F64], dict[str, F64], F64]:
    """Delayed long-wave up by side, the two albedo view factors, ground temperature (R 6.5)."""
    views = gvf.ground_view(
        gvf.Ground(
            open_ground=model.open_ground,
            pixel_size=model.scene.pixel_size,
            wall_height=model.wall_height,
            wall_aspect=model.wall_aspect,
            wall_sun=wall_sun,
            shadow=shadow,
            ground_excess=excess,
            wall_excess=wall,
            ta=weather.ta,
            emissivity=model.parameter(1),
            albedo=model.parameter(0),
            person_height=model.person_height,
        )
    )
    now = {side: views[f"gvfLup{side}"] for side in AROUND}
    now["tg"] = excess * shadow + weather.ta
    up = delay.apply(now, weather.step_days)
    lit = {side: views[f"gvfalb{side}"] for side in AROUND}
    unshaded = {side: views[f"gvfalbnosh{side}"] for side in AROUND}
    return {side: up[side] for side in AROUND}, lit, unshaded, up["tg"]


def step(model: Model, weather: Weather, delay: Delay) -> dict[str, F64]:
    """All fluxes [W m-2] and Tmrt [deg C] of one step; ``delay`` is advanced."""
    around = model.surroundings()
    scalars, cloud = sky_of(weather)
    zero = np.zeros(model.scene.surface.shape)
    out: dict[str, F64] = {}
    luminance = None
    if scalars.is_day:
        excess, scalars.wall_excess = wave(model, weather, cloud)
        shadow, wall_sun = sun_shadow(model, weather)
        lup, lit, unshaded, out["tg_out"] = day_upwelling(
            model, weather, delay, shadow, wall_sun, excess, scalars.wall_excess
        )
        shaded = radiation.shaded_wall_fraction(around.obstruction, weather.altitude)
        drad = scalars.diffuse * around.transmitting
        if model.anisotropic:
            assert model.bits is not None
            luminance, _, _ = sky.perez_luminance(
                weather.altitude, weather.azimuth, scalars.diffuse, scalars.beam,
                weather.day_of_year, model.patches,
            )  # fmt: skip
            drad = anisotropic.diffuse_down(
                model.bits, luminance, scalars.diffuse, model.transmissivity
            )
        kup = radiation.kup(scalars, around, lit, unshaded, shaded)
        out["kdown"] = radiation.kdown(scalars, around, shadow, drad, shaded)
        out |= {"f_sh": shaded, "drad": drad, "shadow": shadow, "tg": excess}
    else:
        delay.night()
        night_up = gvf.SIGMA * model.parameter(1) * (weather.ta + gvf.KELVIN) ** 4
        lup = dict.fromkeys(AROUND, night_up)
        kup = dict.fromkeys(AROUND, zero)
        shadow, shaded = zero, zero
        out |= dict.fromkeys(("kdown", "f_sh", "drad", "shadow", "tg"), zero)
        out["tg_out"] = zero + weather.ta
    out |= {"kup": kup[""], "lup": lup[""]}
    sides = anisotropic_sides if model.anisotropic else isotropic_sides
    out |= sides(model, scalars, around, shadow, kup, lup, shaded, luminance, weather)
    lit = attribution.Lit(scalars, around, shadow, luminance, psi_of(model, weather))
    return finish(model, out, lup, lit)


def psi_of(model: Model, weather: Weather) -> float:
    """Transmissivity of foliage in season; 1 where nothing grows."""
    if not model.scene.has_vegetation:
        return 1.0
    return model.transmissivity if weather.leaf_on else model.leaf_off_transmissivity


def isotropic_sides(
    model: Model,
    scalars: radiation.Sky,
    around: radiation.Surroundings,
    shadow: F64,
    kup: dict[str, F64],
    lup: dict[str, F64],
    shaded: F64,
    luminance: F64 | None,
    weather: Weather,
) -> dict[str, F64]:
    """Long-wave down and all sides under an isotropic sky (R 7.5–7.7)."""
    psi = psi_of(model, weather)
    zero = np.zeros(shadow.shape)
    k, beam = dict.fromkeys(radiation.SIDES, zero), zero
    if scalars.is_day:
        k, beam = radiation.kside_isotropic(
            scalars, around, shadow, kup, shaded, psi, model.body.cylinder
        )
    down = radiation.ldown_isotropic(scalars, around)
    l = radiation.lside_isotropic(scalars, around, down, lup, shaded)
    out = {"ldown": down, "kside_i": beam, "kside_tmrt": beam, "lside_tmrt": zero}
    out |= dict.fromkeys(("kside", "lside", "kside_d"), zero)
    for side in radiation.SIDES:
        out |= {f"k_{side}": k[side], f"l_{side}": l[side], f"ltmrt_{side}": l[side]}
    return out


def anisotropic_sides(
    model: Model,
    scalars: radiation.Sky,
    around: radiation.Surroundings,
    shadow: F64,
    kup: dict[str, F64],
    lup: dict[str, F64],
    shaded: F64,
    luminance: F64 | None,
    weather: Weather,
) -> dict[str, F64]:
    """Long-wave down and all sides from the sky patches (R 8).

    The cylinder's Tmrt takes the patch sums through ``lside`` and only half the upwelling flux on
    each side; the fluxes reported for the sides hold both.
    """
    assert model.bits is not None
    zero = np.zeros(shadow.shape)
    patches, bits = model.patches, model.bits
    long = anisotropic.longwave(scalars, around, bits, patches, lup)
    out = {name: long[name] for name in long if not name.startswith("l_")}
    out |= dict.fromkeys(("kside", "kside_i", "kside_d"), zero)
    k = {side: 0.5 * kup[side] for side in radiation.SIDES}
    if luminance is not None and model.body.cylinder:
        out |= anisotropic.kside_cylinder(scalars, around, bits, patches, luminance, shadow)
    elif luminance is not None:
        k = anisotropic.kside_box(
            scalars, around, bits, patches, luminance, shadow, kup, model.transmissivity
        )
    out |= {"kside_tmrt": out["kside"], "lside_tmrt": out["lside"]}
    for side in radiation.SIDES:
        half, patch_sum = 0.5 * lup[side], long[f"l_{side}"]
        out |= {f"k_{side}": k[side], f"l_{side}": half + patch_sum}
        out[f"ltmrt_{side}"] = half if model.body.cylinder else half + patch_sum
    return out


def finish(
    model: Model, out: dict[str, F64], lup: dict[str, F64], lit: attribution.Lit
) -> dict[str, F64]:
    """Tmrt and where it comes from, and the sides under the names of the engine (R 9)."""
    fluxes = tmrt.Fluxes(
        kdown=out["kdown"],
        kup=out["kup"],
        ldown=out["ldown"],
        lup=out["lup"],
        k={side: out[f"k_{side}"] for side in radiation.SIDES},
        l={side: out[f"ltmrt_{side}"] for side in radiation.SIDES},
        kside=out["kside_tmrt"],
        lside=out["lside_tmrt"],
    )
    absorbed = tmrt.absorbed(fluxes, model.body)
    out["tmrt"] = tmrt.mean_radiant_temperature(absorbed, model.body)
    bits = model.bits if model.anisotropic else None
    out |= attribution.kelvin(
        lit, model.body, bits, model.patches, model.transmissivity, out, lup, absorbed
    )
    del out["kside_tmrt"], out["lside_tmrt"]
    names = dict(zip(radiation.SIDES, ("east", "south", "west", "north"), strict=True))
    for side, name in names.items():
        out[f"k{name}"], out[f"l{name}"] = out.pop(f"k_{side}"), out.pop(f"l_{side}")
        out.pop(f"ltmrt_{side}")
        out[f"lup_{name}"] = lup[side]
    no_data = np.isnan(model.scene.surface)
    return {name: np.where(no_data, np.nan, value) for name, value in out.items()}
