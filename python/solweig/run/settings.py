"""How one run is done: what the call said, else what its configuration says, else the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from solweig.config import HumanParams, ModelConfig
from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.params import human_from_params, load_materials, load_physics, wall_class_name
from solweig.results.netcdf import need_netcdf
from solweig.results.period import PeriodRequest
from solweig.results.pois import PointSource
from solweig.results.state import ThermalState
from solweig.surface.precomputed import PrecomputedData
from solweig.tiles.zarr_store import need_zarr
from solweig.weather.fields import GivenAs, fields_of

__all__ = ["OUTPUT_FORMATS", "RunSettings", "Settings"]

OUTPUT_FORMATS = ("geotiff", "zarr", "netcdf")

_KINDS: tuple[tuple[str, type, str], ...] = (
    ("config", ModelConfig, "ModelConfig.load() reads a file."),
    ("human", HumanParams, "Make one with HumanParams()."),
    ("physics", SimpleNamespace, "load_physics() reads a file."),
    ("materials", SimpleNamespace, "load_materials() reads a file."),
    ("state", ThermalState, "summary.state is one."),
)
# Of a configuration, what does not shape the rasters of a run, or is described by itself.
_NOT_PHYSICS = (
    "outputs", "tile_size", "tile_workers", "tile_queue_depth", "prefetch_tiles",
    "heat_thresholds_day", "heat_thresholds_night",
)  # fmt: skip


@dataclass(frozen=True)
class RunSettings:
    """Everything about a run that is neither surface nor weather nor place, settled and checked.

    Parameters
    ----------
    model
        Every choice of the model, of outputs and tiles; complete. Its fields can be read from the
        settings themselves: ``settings.conifer``.
    output_dir
        Folder for the results; None keeps every step in memory.
    formats
        What the steps are written as: one or several of :data:`OUTPUT_FORMATS`.
    overwrite
        Replace the results of other runs in ``output_dir``.
    resume
        Keep what an interrupted run of the same has finished.
    execution
        Wishes about hardware.
    pois
        Points of interest.
    precomputed
        Prepared data that replace the surface's own.
    state
        Thermal state to start from.
    sky_said
        The call itself asked for its kind of sky, which otherwise gives way where a surface cannot
        serve it.
    period
        Statistics of the period instead of its steps.
    styles
        Write a style for QGIS beside every GeoTIFF.
    fields
        Weather given cell by cell, by quantity.
    """

    model: ModelConfig
    output_dir: Path | None = None
    formats: tuple[str, ...] = ("geotiff",)
    overwrite: bool = False
    resume: bool = False
    execution: ExecutionConfig | None = None
    pois: PointSource | None = None
    precomputed: PrecomputedData | None = None
    state: ThermalState | None = None
    sky_said: bool = False
    period: PeriodRequest | None = None
    styles: bool = True
    fields: Mapping[str, GivenAs] = field(default_factory=dict)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or name == "model":
                raise AttributeError(name)
            return getattr(self.model, name)

    @classmethod
    def resolve(
        cls,
        *,
        config: ModelConfig | None = None,
        output_dir: str | Path | None = None,
        output_format: str | Sequence[str] = "geotiff",
        overwrite: bool = False,
        resume: bool = False,
        execution: ExecutionConfig | None = None,
        pois: PointSource | None = None,
        precomputed: PrecomputedData | None = None,
        state: ThermalState | None = None,
        period: PeriodRequest | None = None,
        styles: bool = True,
        fields: Mapping[str, Any] | None = None,
        **said: Any,
    ) -> RunSettings:
        """Combine what a call says with a configuration.

        Parameters
        ----------
        config
            Defaults for everything in ``said``.
        output_dir, overwrite, resume, execution, pois, precomputed, state, period, styles, fields
            As the fields.
        output_format
            One or several of :data:`OUTPUT_FORMATS`.
        **said
            Fields of :class:`solweig.ModelConfig`; None counts as not said.

        Returns
        -------
        RunSettings
            Complete: whatever was left out is the configuration's, else the default.

        Raises
        ------
        ConfigurationError
            A value out of range, an unknown name, a scheme not in this release, Zarr, NetCDF
            or a resumed run without a folder, or without their packages.
        TypeError
            ``said`` names no field.
        """
        _check_kinds({"config": config, "state": state, **said})
        formats = _formats(output_format)
        if output_dir is None and formats != ("geotiff",):
            raise ConfigurationError("output_dir", f"a folder for {' and '.join(formats)}", "None")
        if output_dir is None and resume:
            raise ConfigurationError(
                "resume", "an output_dir that holds the run", "output_dir=None"
            )
        if "zarr" in formats:
            need_zarr()
        if "netcdf" in formats:
            need_netcdf()
        return cls(
            model=_model(config or _default(output_dir, formats), said),
            output_dir=None if output_dir is None else Path(output_dir),
            formats=formats,
            overwrite=overwrite,
            resume=resume,
            execution=execution,
            pois=pois,
            precomputed=precomputed,
            state=state,
            sky_said=said.get("use_anisotropic_sky") is not None,
            period=period,
            styles=styles,
            fields=fields_of(fields),
        )

    @property
    def human(self) -> HumanParams:
        """The person."""
        assert self.model.human is not None
        return self.model.human

    def with_loaded_defaults(self) -> RunSettings:
        """The same with the shipped parameters where none were given.

        Returns
        -------
        RunSettings
            ``physics`` and ``materials`` are there; a run with it gives the same rasters.
        """
        model = self.model
        physics, materials = model.physics or load_physics(), model.materials or load_materials()
        return replace(self, model=replace(model, physics=physics, materials=materials))

    def physics_chosen(self) -> dict[str, Any]:
        """Every choice that shapes the rasters of a run.

        Returns
        -------
        dict[str, Any]
            By name of the field of :class:`solweig.ModelConfig`.
        """
        names = (f.name for f in fields(self.model) if f.name not in _NOT_PHYSICS)
        return {name: getattr(self.model, name) for name in names}


def _check_kinds(given: Mapping[str, Any]) -> None:
    for name, kind, hint in _KINDS:
        value = given.get(name)
        if value is not None and not isinstance(value, kind):
            article = "an" if kind.__name__[0] in "AEIOU" else "a"
            expected = f"{article} {kind.__name__}"
            raise ConfigurationError(name, expected, type(value).__name__, hint)


def _formats(wanted: str | Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys([wanted] if isinstance(wanted, str) else wanted))
    if not names or any(name not in OUTPUT_FORMATS for name in names):
        expected = f"one or several of {', '.join(OUTPUT_FORMATS)}"
        raise ConfigurationError("output_format", expected, repr(wanted))
    return names


def _model(base: ModelConfig, said: Mapping[str, Any]) -> ModelConfig:
    """The configuration with what was said in its place; checked anew, as a whole."""
    known = {f.name for f in fields(ModelConfig)}
    unknown = sorted(said.keys() - known)
    if unknown:
        raise TypeError(f"unknown settings: {', '.join(unknown)}")
    chosen = {name: value for name, value in said.items() if value is not None}
    # Ignored ones have been told about when the configuration was made.
    silent = dict.fromkeys(("tile_workers", "tile_queue_depth", "prefetch_tiles"))
    model = replace(base, **{**silent, **chosen})
    if model.wall_material is not None:
        model.wall_material = wall_class_name(model.wall_material, model.materials)
    model.sun_substeps = model.suns
    model.sky_emissivity = model.clear_sky
    if model.human is None:
        model.human = _person_of(model.physics)
    return model


def _default(output_dir: str | Path | None, formats: tuple[str, ...]) -> ModelConfig:
    """The configuration where none is given: steps are kept, but not written as files of each."""
    as_files = output_dir is not None and formats == ("geotiff",)
    return ModelConfig(outputs=[]) if as_files else ModelConfig()


def _person_of(physics: SimpleNamespace | None) -> HumanParams:
    """The person that a parameter file describes, else the default one."""
    if physics is not None and hasattr(physics, "Tmrt_params"):
        return human_from_params(physics)
    return HumanParams()


Settings = RunSettings
"""The name scripts know."""
