"""Stored runs of the reference model, and the same runs with the engine."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

#: Our field names -> names in the stored runs.
NAMES = {
    "tmrt": "Tmrt", "kdown": "Kdown", "kup": "Kup", "ldown": "Ldown", "lup": "Lup",
    "shadow": "shadow", "kside": "Kside", "lside": "Lside", "kside_i": "KsideI",
    "kside_d": "KsideD", "drad": "dRad", "keast": "Keast", "ksouth": "Ksouth", "kwest": "Kwest",
    "knorth": "Knorth", "least": "Least", "lsouth": "Lsouth", "lwest": "Lwest",
    "lnorth": "Lnorth", "tg": "Tg", "tg_out": "TgOut", "f_sh": "F_sh",
}  # fmt: skip
#: Our scalar names -> names in the stored series.
SCALARS = {
    "esky": "esky", "ea": "ea", "i0": "I0", "ci": "CI", "ci_tg": "CI_TgG", "ci_beam": "CI_Tg",
    "rad_i": "radI", "rad_d": "radD", "tg_wall": "Tgwall", "sunrise": "snup",
}  # fmt: skip
#: Mode -> what it changes.
MODES: dict[str, dict[str, Any]] = {
    "iso": {"anisotropic": False},
    "iso_onlyglobal": {"anisotropic": False},
    "iso_box": {"anisotropic": False, "body": "box"},
    "iso_tifwalls": {"anisotropic": False},
    "aniso": {"anisotropic": True},
    "aniso_tifwalls": {"anisotropic": True},
}
#: Stored sky view names by our family.
FAMILIES = {"": "", "_veg": "veg", "_aveg": "aveg"}
SECTORS = {"": "", "_east": "E", "_south": "S", "_west": "W", "_north": "N"}


def pack(bits: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Patch bits ``[row, col, patch]`` as words, patch i in bit ``i % 32``."""
    rows, cols, patches = bits.shape
    padded = np.zeros((rows, cols, -(-patches // 32) * 32), dtype=np.uint8)
    padded[:, :, :patches] = bits
    return np.packbits(padded, axis=2, bitorder="little").view("<u4")


class Site:
    """One site of the stored reference, with the inputs its runs held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text())
        with np.load(folder / "inputs.npz") as stored:
            self.inputs = {name: stored[name] for name in stored.files}

    def runs(self) -> list[tuple[str, str]]:
        """``(day, mode)`` of every stored run that can be compared over the whole site."""
        stored = sorted(tuple(name.split("_", 1)) for name in self.manifest["runs"])
        return [
            (day, mode)
            for day, mode in stored
            if mode in MODES and not self._run(day, mode).get("only_at_the_mast")
        ]

    def mapped_days(self, mode: str) -> list[str]:
        """Days of which the reference's maps were stored."""
        runs = [day for day, stored in self.runs() if stored == mode]
        return [day for day in runs if self._run(day, mode)["full_field_steps"]]

    def ground_view_days(self) -> list[str]:
        """Days of which the reference's ground view factors were stored."""
        return sorted({day for day, mode in self.runs() if self._run(day, mode)["gvf_steps"]})

    def _run(self, day: str, mode: str) -> dict[str, Any]:
        return dict(self.manifest["runs"][f"{day}_{mode}"])

    def series(self, day: str, mode: str) -> dict[str, NDArray[Any]]:
        with np.load(self.folder / f"series_{day}_{mode}.npz") as stored:
            return {name: stored[name] for name in stored.files}

    def maps(self, day: str, mode: str) -> dict[tuple[str, int], NDArray[Any]]:
        """Stored maps by our field name and step; none if their file is absent."""
        path = self.folder / f"fields_{day}_{mode}.npz"
        if not path.exists():
            return {}
        ours = {theirs: name for name, theirs in NAMES.items()}
        found = {}
        with np.load(path) as stored:
            for key in stored.files:
                if key.startswith("field__"):
                    _, name, step = key.split("__")
                    if name in ours:
                        found[ours[name], int(step.removeprefix("step"))] = stored[key]
        return found

    @cached_property
    def scene(self) -> _core.Scene:
        """Vegetation heights are stored absolute, so their base is sea level."""
        shape = self.inputs["dsm"].shape
        return _core.Scene(
            self.inputs["dsm"].astype(np.float32),
            pixel_size=float(self.manifest["pixel_size_m"]),
            dem=np.zeros(shape, np.float32),
            canopy=self.inputs["cdsm_abs"].astype(np.float32),
            trunk=self.inputs["tdsm_abs"].astype(np.float32),
        )

    @cached_property
    def svf(self) -> dict[str, F32]:
        with np.load(self.folder / "svf.npz") as stored:
            return {
                f"svf{family}{sector}": stored[f"svf{s}{f}"]
                for family, f in FAMILIES.items()
                for sector, s in SECTORS.items()
            }

    @cached_property
    def masks(self) -> dict[str, NDArray[np.uint32]]:
        names = {"shmat": "shmat", "vegshmat": "vegshmat", "vbshmat": "vbshvegshmat"}
        with np.load(self.folder / "svf_shadowmats_packed.npz") as stored:
            return {
                name: pack(np.unpackbits(stored[theirs], axis=2)[:, :, :153])
                for name, theirs in names.items()
            }

    def walls(self, mode: str) -> tuple[F32, F32]:
        """Wall height and aspect: the run's own, or those the site's rasters were made with."""
        if not mode.endswith("tifwalls"):
            height, aspect = self.inputs["wall_height"], self.inputs["wall_aspect_deg"]
            return height.astype(np.float32), aspect.astype(np.float32)
        height = self.inputs["wall_height_limit3"].astype(np.float32)
        # Those rasters were made as if the pixels were 1 m.
        dsm = self.inputs["dsm"].astype(np.float32)
        return height, _core.wall_aspect(dsm, height, 1.0)

    def model(self, mode: str, **changes: Any) -> _core.Model:
        height, aspect = self.walls(mode)
        params = {
            **MODES[mode],
            "abs_l": 0.95,
            "height_bound_m": float(self.manifest["amaxvalue_m"]),
            "max_shadow_distance_m": 1e6,
            **changes,
        }
        return _core.Model(
            self.scene,
            svf=self.svf,
            masks=self.masks if params["anisotropic"] else None,
            patch_option=2,
            buildings=self.inputs["buildings"].astype(np.uint8),
            wall_height=height,
            wall_aspect=aspect,
            land_cover=self.inputs["landcover"].astype(np.uint8),
            params=params,
        )

    def weather(self, series: dict[str, NDArray[Any]], step: int, mode: str) -> dict[str, Any]:
        """Weather of a step with sun, leaf state and night clearness of the stored run."""
        env = {name.removeprefix("env__"): series[name] for name in series if "env__" in name}
        days = np.asarray(env["dectime"], dtype=float)
        split = mode.endswith("onlyglobal")
        pressure = float(env["P"][step])
        return {
            "ta": float(env["Ta"][step]),
            "rh": float(env["RH"][step]),
            "pressure_kpa": np.nan if pressure == -999.0 else pressure,
            "ws": float(env["Ws"][step]),
            "global_rad": float(env["radG"][step]),
            "direct_rad": np.nan if split else float(env["radI"][step]),
            "diffuse_rad": np.nan if split else float(env["radD"][step]),
            "day_of_year": float(env["jday"][step]),
            "clock_fraction": float(days[step] - np.floor(days[step])),
            "altitude": float(env["altitude"][step]),
            "azimuth": float(env["azimuth"][step]),
            "altitude_max": float(env["altmax"][step]),
            "latitude": float(self.manifest["location"]["latitude"]),
            "step_days": float(days[1] - days[0]),
            "leaf_on": bool(env["leafon"][step]),
            "night_clearness": 1.0,
            "water_temperature": np.nan,
            "hours": 1.0,
        }
