"""The numpy reference model against the stored outputs of the reference and the check values.

The oracle must itself be right before it may judge the engine.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.reference_model import (
    anisotropic,
    geometry,
    ground,
    gvf,
    radiation,
    sky,
    skyview,
    timestep,
    tmrt,
)

F64 = NDArray[np.float64]

STORED_FAMILIES = {"": "", "_veg": "veg", "_aveg": "aveg"}
STORED_FLUXES = {
    "tmrt": "Tmrt", "kdown": "Kdown", "kup": "Kup", "ldown": "Ldown", "lup": "Lup",
    "shadow": "shadow", "kside": "Kside", "lside": "Lside", "kside_i": "KsideI",
    "kside_d": "KsideD", "drad": "dRad", "keast": "Keast", "ksouth": "Ksouth", "kwest": "Kwest",
    "knorth": "Knorth", "least": "Least", "lsouth": "Lsouth", "lwest": "Lwest",
    "lnorth": "Lnorth", "tg": "Tg", "tg_out": "TgOut", "f_sh": "F_sh", "lside_sky": "Lside_sky",
    "lside_veg": "Lside_veg", "lside_sun": "Lside_sun", "lside_sh": "Lside_sh",
    "lside_ref": "Lside_ref",
}  # fmt: skip


class Site:
    """Stored inputs of one site, in the form the reference model takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text())
        self.inputs = np.load(folder / "inputs.npz")
        self.stored_svf = np.load(folder / "svf.npz")

        def present(name: str) -> F64:
            values = self.inputs[name].astype(float)
            return np.where(values == 0, np.nan, values)

        self.scene = geometry.Scene(
            surface=self.inputs["dsm"].astype(float),
            canopy=present("cdsm_abs"),
            trunk=present("tdsm_abs"),
            bush=self.inputs["bush"] > 1,
            pixel_size=self.manifest["pixel_size_m"],
        )

    def bits(self) -> skyview.Visibility:
        packed = np.load(self.folder / "svf_shadowmats_packed.npz")
        layers = [
            np.unpackbits(packed[name], axis=2)[:, :, :153].astype(float)
            for name in ("shmat", "vegshmat", "vbshvegshmat")
        ]
        return skyview.Visibility(*layers, margin=np.full(layers[0].shape, np.inf))


@pytest.fixture(scope="module")
def site(shared: Path) -> Site:
    return Site(shared / "reference/gustav_adolfs")


def test_walls_of_a_site(site: Site) -> None:
    height = geometry.wall_height(site.scene.surface)
    assert np.array_equal(height, site.inputs["wall_height"])
    aspect = geometry.wall_aspect(site.scene.surface, height, site.scene.pixel_size)
    np.testing.assert_allclose(aspect, site.inputs["wall_aspect_deg"], atol=1e-9)


def test_sun_shadows_of_a_site(site: Site) -> None:
    stored = np.load(site.folder / "shadows.npz")
    positions = site.manifest["shadows"]["positions"]
    height, aspect = site.inputs["wall_height"], site.inputs["wall_aspect_deg"]
    for position in positions:
        azimuth, altitude = position["azimuth"], position["altitude"]
        cast = geometry.cast_shadow(site.scene, azimuth, altitude, site.manifest["amaxvalue_m"])
        walls = geometry.wall_shadow(site.scene, cast, azimuth, height, aspect)
        for name, got in {"bldg": cast.sh, "veg": cast.vegsh, "vbshvegsh": cast.vbshvegsh}.items():
            assert np.array_equal(got, stored[f"{position['name']}__{name}"]), name
        for name, got in walls.items():
            want = stored[f"{position['name']}__{name}"]
            np.testing.assert_allclose(got, want, atol=1e-5, err_msg=position["name"])


@pytest.mark.slow
def test_sky_view_of_a_site(site: Site) -> None:
    patches = skyview.make_patches(2)
    bits = skyview.patch_visibility(site.scene, patches, site.manifest["svf"]["amaxvalue"])
    stored = site.bits()
    for layer in ("sh", "vegsh", "vbshvegsh"):
        assert np.array_equal(getattr(bits, layer), getattr(stored, layer)), layer
    fields = skyview.sky_view_factors(bits, patches, np.isnan(site.scene.trunk))
    for family, stored_family in STORED_FAMILIES.items():
        for suffix, sector in skyview.SECTORS.items():
            want = site.stored_svf[f"svf{sector}{stored_family}"]
            np.testing.assert_allclose(fields[f"svf{family}{suffix}"], want, atol=1e-7)


def test_ground_view_of_a_site(site: Site) -> None:
    stored = np.load(site.folder / "gvf_20060726.npz")
    inputs = site.inputs
    for number in stored["steps"]:
        key = f"step{number:02d}__"
        fields = gvf.ground_view(
            gvf.Ground(
                open_ground=inputs["buildings"].astype(float),
                pixel_size=site.scene.pixel_size,
                wall_height=inputs["wall_height"],
                wall_aspect=inputs["wall_aspect_deg"],
                wall_sun=stored[f"{key}in_wallsun"],
                shadow=stored[f"{key}in_shadow"].astype(float),
                ground_excess=stored[f"{key}in_Tg"].astype(float),
                wall_excess=float(stored[f"{key}in_Tgwall"]),
                ta=float(stored[f"{key}in_Ta"]),
                emissivity=inputs["emis_grid"],
                albedo=inputs["alb_grid"],
            )
        )
        for name, got in fields.items():
            np.testing.assert_allclose(got, stored[f"{key}{name}"], rtol=1e-6, atol=1e-6)


def stored_weather(series: dict[str, F64], row: int, latitude: float) -> timestep.Weather:
    pressure = float(series["env__P"][row])
    stamp = series["env__dectime"]
    return timestep.Weather(
        ta=float(series["env__Ta"][row]),
        rh=float(series["env__RH"][row]),
        global_rad=float(series["env__radG"][row]),
        direct_rad=float(series["env__radI"][row]),
        diffuse_rad=float(series["env__radD"][row]),
        pressure_kpa=np.nan if pressure == -999 else pressure,
        altitude=float(series["env__altitude"][row]),
        azimuth=float(series["env__azimuth"][row]),
        altitude_max=float(series["env__altmax"][row]),
        day_of_year=int(series["env__DOY"][row]),
        clock_fraction=float(stamp[row] % 1),
        step_days=float(stamp[1] - stamp[0]),
        latitude=latitude,
        leaf_on=bool(series["env__leafon"][row]),
    )


@pytest.mark.slow
@pytest.mark.parametrize("sky_model", ["iso", "aniso"])
def test_a_whole_day_of_a_site(site: Site, sky_model: str) -> None:
    check_day(site, site.folder / f"series_20060726_{sky_model}.npz", sky_model == "aniso", True)


@pytest.mark.slow
def test_a_whole_day_of_a_box(site: Site) -> None:
    check_day(site, site.folder / "series_20060726_iso_box.npz", False, False)


def check_day(site: Site, stored: Path, patch_sky: bool, cylinder: bool) -> None:
    """Every flux of every step at the stored probes."""
    series = dict(np.load(stored))
    patches, bits = skyview.make_patches(2), site.bits()
    model = timestep.Model(
        scene=site.scene,
        svf=skyview.sky_view_factors(bits, patches, np.isnan(site.scene.trunk)),
        bits=bits,
        patches=patches,
        open_ground=site.inputs["buildings"].astype(float),
        wall_height=site.inputs["wall_height"],
        wall_aspect=site.inputs["wall_aspect_deg"],
        land_cover=site.inputs["landcover"].astype(int),
        anisotropic=patch_sky,
        body=tmrt.Body(abs_l=0.95, cylinder=cylinder),
        height_bound=site.manifest["amaxvalue_m"],
    )
    rows, cols = series["probes_rc"].T
    delay = ground.Delay()
    latitude = site.manifest["location"]["latitude"]
    for row in range(len(series["env__Ta"])):
        out = timestep.step(model, stored_weather(series, row, latitude), delay)
        if series.get("scalar__perez_patched", np.zeros(24))[row]:
            continue
        for ours, theirs in STORED_FLUXES.items():
            if f"probe__{theirs}" in series and ours in out:
                got, want = out[ours][rows, cols], series[f"probe__{theirs}"][row]
                message = f"step {row}: {ours}"
                np.testing.assert_allclose(got, want, atol=1e-4, err_msg=message)


def test_scalars_of_the_reference(shared: Path) -> None:
    stored = np.load(shared / "reference/scalars/clearness_reindl_daylen.npz")
    for i in range(0, 400, 4):
        altitude = 90 - np.degrees(stored["zen_rad"][i])
        if altitude <= 0:
            continue
        pressure = stored["P_kPa"][i]
        ta, rh, total = (float(stored[k][i]) for k in ("Ta", "RH_percent", "radG"))
        got = sky.clearness(
            altitude, int(stored["jday"][i]), ta, rh, total, float(stored["latitude"][i]),
            np.nan if pressure == -999 else float(pressure),
        )  # fmt: skip
        assert got["i0"] == pytest.approx(stored["I0"][i], rel=1e-9)
        assert got["kt"] == pytest.approx(stored["Kt"][i], rel=1e-9)
        assert got["ci"] == pytest.approx(stored["CI"][i], rel=1e-9)
        beam, diffuse = sky.split_global(total, altitude, got["kt"], ta, rh)
        assert beam == pytest.approx(stored["reindl_radI"][i], rel=1e-8, abs=1e-8)
        assert diffuse == pytest.approx(stored["reindl_radD"][i], rel=1e-8, abs=1e-8)


def test_luminance_of_the_reference(shared: Path) -> None:
    stored = np.load(shared / "reference/scalars/perez.npz")
    patches = skyview.make_patches(2)
    for i in range(len(stored["zen_deg"])):
        altitude, azimuth = 90 - stored["zen_deg"][i], stored["azimuth_deg"][i]
        got, _, _ = sky.perez_luminance(
            altitude, azimuth, stored["radD"][i], stored["radI"][i], int(stored["jday"][i]), patches
        )
        np.testing.assert_allclose(got, stored["lv_153"][i], atol=1e-9, err_msg=str(i))


# ---------------------------------------------------------------- check values, no files needed


def one(value: float) -> F64:
    return np.full((1, 1), value)


CASE = {
    "svf": dict(zip(timestep.AROUND, map(one, (0.60, 0.50, 0.70, 0.55, 0.65)), strict=True)),
    "veg": dict(zip(timestep.AROUND, map(one, (0.85, 0.80, 0.90, 0.85, 0.86)), strict=True)),
    "aveg": dict(zip(timestep.AROUND, map(one, (0.90, 0.88, 0.93, 0.90, 0.91)), strict=True)),
}
SAME = {side: one(450.0) for side in timestep.AROUND}


def case_sky(global_rad: float) -> tuple[radiation.Sky, radiation.Surroundings]:
    """Sky and surroundings of check cases A (700 W m-2) and C (300 W m-2)."""
    weather = timestep.Weather(
        ta=25.0, rh=50.0, global_rad=global_rad, altitude=45.0, azimuth=200.0, altitude_max=55.7,
        day_of_year=172, clock_fraction=13 / 24, latitude=57.7,
    )  # fmt: skip
    scalars, cloud = timestep.sky_of(weather)
    k, t0, hour = (np.array(x) for x in ground.LAND_COVER[99][2:])
    excess = ground.day_wave(13 / 24, sky.sunrise_hour(172, 57.7), 55.7, k, t0, hour)
    scalars.wall_excess = cloud * float(excess)
    around = radiation.Surroundings(
        **CASE,
        transmitting=skyview.transmitting_svf(CASE["svf"][""], CASE["veg"][""], 0.03),
        obstruction=skyview.obstruction_angle(CASE["svf"][""], CASE["veg"][""]),
    )
    return scalars, around


@pytest.mark.parametrize(
    ("global_rad", "kup", "kdown", "k", "ldown", "l", "excess", "tmrt_want"),
    [
        (700.0, 100.662708, 656.302063, (91.149028, 98.929741, 93.075406, 95.987022),
         435.617269, (453.644277, 432.627930, 447.666351, 448.309600), 16.60196171, 54.345113),
        (300.0, 29.829494, 177.541777, (53.907227, 75.711743, 59.305670, 67.465125),
         441.308748, (451.939590, 436.345419, 449.034129, 444.231460), 8.23239470, 33.201407),
    ],
)  # fmt: skip
def test_isotropic_check_cases(
    global_rad: float,
    kup: float,
    kdown: float,
    k: tuple[float, ...],
    ldown: float,
    l: tuple[float, ...],
    excess: float,
    tmrt_want: float,
) -> None:
    """Cases A and C of R 7.8 and 7.9: a standing cylinder under a clear and a cloudy sky."""
    scalars, around = case_sky(global_rad)
    assert scalars.wall_excess == pytest.approx(excess, abs=1e-6)
    shaded = radiation.shaded_wall_fraction(around.obstruction, 45.0)
    assert shaded == pytest.approx(0.60079282, abs=1e-7)
    lit, bare = ({side: one(v) for side in timestep.AROUND} for v in (0.15, 0.17))
    up = radiation.kup(scalars, around, lit, bare, shaded)
    assert up[""] == pytest.approx(kup, abs=2e-6)
    drad = scalars.diffuse * around.transmitting
    down = radiation.kdown(scalars, around, one(1.0), drad, shaded)
    assert down == pytest.approx(kdown, abs=2e-6)
    sides, beam = radiation.kside_isotropic(scalars, around, one(1.0), up, shaded, 0.03, True)
    assert [sides[s].item() for s in radiation.SIDES] == pytest.approx(k, abs=2e-6)
    long_down = radiation.ldown_isotropic(scalars, around)
    assert long_down == pytest.approx(ldown, abs=2e-6)
    long_sides = radiation.lside_isotropic(scalars, around, long_down, SAME, shaded)
    assert [long_sides[s].item() for s in radiation.SIDES] == pytest.approx(l, abs=2e-6)
    body = tmrt.Body(abs_l=0.95)
    fluxes = tmrt.Fluxes(down, up[""], long_down, one(450.0), sides, long_sides, beam, one(0.0))
    got = tmrt.mean_radiant_temperature(tmrt.absorbed(fluxes, body), body)
    assert got == pytest.approx(tmrt_want, abs=2e-6)


def case_bits(patches: skyview.Patches) -> skyview.Visibility:
    """Masks of check cases B and D (R 8.6)."""
    beta, alpha = patches.altitude, patches.azimuth
    blocked = ((beta <= 30) & (alpha < 180)) | ((beta <= 42) & (alpha >= 180) & (alpha < 225))
    leaf = (beta <= 18) & (alpha >= 270)
    behind = (beta <= 6) & (alpha < 60)
    layers = [np.where(x, 0.0, 1.0)[None, None, :] for x in (blocked, leaf, behind)]
    return skyview.Visibility(*layers, margin=np.full(layers[0].shape, np.inf))


@pytest.mark.parametrize(
    ("global_rad", "ldown", "lside", "drad", "kside", "kside_d", "box"),
    [
        (700.0, 390.328320, 663.293337, 64.788861, 692.814651, 91.143976,
         (94.688209, 606.132099, 290.505420, 90.792769)),
        (300.0, 419.613255, 679.788626, 163.899924, 250.062522, 177.847842,
         (82.360673, 95.093163, 111.700582, 85.476155)),
    ],
)  # fmt: skip
def test_anisotropic_check_cases(
    global_rad: float,
    ldown: float,
    lside: float,
    drad: float,
    kside: float,
    kside_d: float,
    box: tuple[float, ...],
) -> None:
    """Cases B and D of R 8.6 and 8.7, and the box of R 8.5."""
    scalars, around = case_sky(global_rad)
    patches = skyview.make_patches(2)
    bits = case_bits(patches)
    luminance, _, _ = sky.perez_luminance(45.0, 200.0, scalars.diffuse, scalars.beam, 172, patches)
    long = anisotropic.longwave(scalars, around, bits, patches, SAME)
    assert long["ldown"] == pytest.approx(ldown, abs=2e-6)
    assert long["lside"] == pytest.approx(lside, abs=2e-6)
    down = anisotropic.diffuse_down(bits, luminance, scalars.diffuse, 0.03)
    assert down == pytest.approx(drad, abs=2e-6)
    side = anisotropic.kside_cylinder(scalars, around, bits, patches, luminance, one(1.0))
    assert side["kside"] == pytest.approx(kside, abs=2e-6)
    assert side["kside_d"] == pytest.approx(kside_d, abs=2e-6)
    shaded = radiation.shaded_wall_fraction(around.obstruction, 45.0)
    lit, bare = ({s: one(v) for s in timestep.AROUND} for v in (0.15, 0.17))
    up = radiation.kup(scalars, around, lit, bare, shaded)
    faces = anisotropic.kside_box(scalars, around, bits, patches, luminance, one(1.0), up, 0.03)
    assert [faces[s].item() for s in radiation.SIDES] == pytest.approx(box, abs=2e-6)


@pytest.mark.parametrize(
    ("minutes", "want"),
    [
        (60, (400, 414.9998, 441.2496, 470.3120, 492.5777, 505.6442, 505.1611, 493.7904, 475.9479)),
        (10, (400, 407.4006, 424.9994, 448.2510, 468.5008, 482.4988, 478.7488, 481.0699, 475.5115)),
        (30, (400, 414.9998, 437.4994, 458.7493, 484.3742, 491.8741, 498.4369, 490.4685, 475.4688)),
    ],
)
def test_delay_check_values(minutes: int, want: tuple[float, ...]) -> None:
    """The sequences of R 6.5."""
    delay = ground.Delay()
    values = (400, 420, 450, 480, 500, 510, 505, 490, 470)
    got = [delay.apply({"x": one(x)}, minutes / 1440)["x"].item() for x in values]
    assert got == pytest.approx(want, abs=1e-4)
