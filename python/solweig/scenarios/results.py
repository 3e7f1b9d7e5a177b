"""Run scenarios of one baseline, and what comes of them."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from solweig import _core
from solweig.atomic import write_text
from solweig.bars import parts_of
from solweig.config import ModelConfig
from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.messages import told_once
from solweig.rasters.digests import plain
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import write_geotiff
from solweig.results.outputs import check_folder, prepare_folder
from solweig.results.plotting import Underlay, require_matplotlib
from solweig.results.styles import write_style
from solweig.results.summary import TimeseriesSummary
from solweig.scenarios.changed import ChangedRun, run_edits
from solweig.scenarios.gains import Gain, difference, gains_of, maps_of
from solweig.scenarios.layers import Edited
from solweig.scenarios.page import Section, write_page
from solweig.scenarios.pictures import draw_difference, quantity_of, title_of, top_of
from solweig.scenarios.study import Study, no_files
from solweig.scenarios.tables import read_scenarios
from solweig.scenarios.thresholds import Thresholds
from solweig.scenarios.wishes import Scenario, folder_name
from solweig.surface.data import SurfaceData
from solweig.typing import F32, Advance, Bool
from solweig.weather.fields import GivenAs
from solweig.weather.location import Location
from solweig.weather.step import Weather

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RECORD", "ScenarioResult", "ScenarioResults", "check_out", "run_scenarios", "run_study"]

TABLE, RECORD, PAGE = "scenarios.csv", "scenarios.json", "index.html"


@dataclass
class ScenarioResult:
    """What came of one scenario.

    Parameters
    ----------
    name
        Its name.
    cost
        As given.
    notes
        What its edits did, in words.
    gains
        Numbers by index and threshold.
    differences
        Maps by name, after less before, float32 ``[row, col]``: ``utci_day_mean`` [K],
        ``utci_hours_above_32`` [h].
    ground
        Open ground before and after, ``[row, col]``.
    computed
        Shares of sky view and of steps that were computed, windows of the edits, and why all of it
        was where it was.
    roofs
        Whether roofs were edited, which the ground does not see.
    """

    name: str
    cost: float | None
    notes: list[str]
    gains: list[Gain]
    differences: dict[str, F32] = field(repr=False)
    ground: Bool = field(repr=False)
    computed: dict[str, Any]
    roofs: bool
    underlay: Underlay = field(repr=False)


@dataclass
class ScenarioResults:
    """Scenarios of one baseline, compared.

    Parameters
    ----------
    scenarios
        In the order given.
    baseline
        The run before all edits.
    georef
        Where the maps lie.
    thresholds
        By index [deg C].
    title
        Of the page.
    cost_unit
        Of costs.
    """

    scenarios: list[ScenarioResult]
    baseline: TimeseriesSummary = field(repr=False)
    georef: GeoReference = field(repr=False)
    thresholds: Thresholds
    title: str = ""
    cost_unit: str = ""

    @property
    def gains(self) -> list[Gain]:
        """The rows of the table."""
        return [gain for each in self.scenarios for gain in each.gains]

    def table(self) -> pd.DataFrame:
        """The numbers, a row for each scenario, index and threshold.

        Returns
        -------
        pd.DataFrame
            Columns as ``scenarios.csv`` has them.
        """
        import pandas as pd

        return pd.DataFrame([asdict(gain) for gain in self.gains])

    def report(self) -> str:
        """The numbers and what was done, as plain text.

        Returns
        -------
        str
            A line for each scenario, index and threshold.
        """
        head = f"{'scenario':<24}{'index':>6}{'above':>7}{'m2 won':>10}{'m2 lost':>10}"
        lines = [f"{head}{'m2 h won':>12}{'mean K':>9}{'p95 K':>8}{'cost/m2h':>10}"]
        for g in self.gains:
            lines.append(
                f"{g.scenario:<24}{g.index:>6}{_number(g.threshold):>7}{_whole(g.area_won_m2):>10}"
                f"{_whole(g.area_lost_m2):>10}{_whole(g.area_hours_won):>12}{g.mean_change:9.3f}"
                f"{g.p95_change:8.2f}{_number(g.cost_per_area_hour):>10}"
            )
        for each in self.scenarios:
            lines += [f"{each.name}: {note}" for note in each.notes]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Numbers, notes and how much was computed, as JSON can hold them.

        Returns
        -------
        dict[str, Any]
            NaN is None.
        """
        found: dict[str, Any] = plain(
            {
                "title": self.title,
                "version": _core.__version__,
                "cost_unit": self.cost_unit,
                "thresholds": dict(self.thresholds.by_index),
                "period": [str(t) for t in self.baseline.timeseries.datetime[:: max(
                    self.baseline.n_timesteps - 1, 1)]],
                "scenarios": [
                    {
                        "name": each.name, "cost": each.cost, "notes": each.notes,
                        "computed": each.computed,
                        "gains": [asdict(gain) for gain in each.gains],
                    }
                    for each in self.scenarios
                ],
            }
        )  # fmt: skip
        return found

    def write(
        self,
        folder: str | Path,
        *,
        overwrite: bool = False,
        plots: bool = True,
        extra: str = "",
    ) -> list[Path]:
        """Write the table, maps of differences and one page that needs nothing else.

        Parameters
        ----------
        folder
            Made if need be: ``scenarios.csv``, ``scenarios.json``, ``index.html``, and for each
            scenario ``NAME/MAP.tif`` (cloud-optimised GeoTIFF) with ``MAP.png`` and a style.
        overwrite
            Replace earlier results there.
        plots
            Draw; needs matplotlib.
        extra
            Further HTML of the page.

        Returns
        -------
        list[Path]
            The files written.

        Raises
        ------
        ConfigurationError
            The folder cannot be written or holds results, or matplotlib is missing.
        DiskFull
            No room.
        """
        target = check_out(Path(folder), [s.name for s in self.scenarios], overwrite=overwrite)
        if plots:
            require_matplotlib()
        names = {each.name: folder_name(each.name) for each in self.scenarios}
        _remove_earlier(target)
        prepare_folder(target, tuple(names.values()))
        written: list[Path] = []
        pictures: dict[tuple[str, str], Path] = {}
        for each in self.scenarios:
            place = target / names[each.name]
            for name, grid in each.differences.items():
                path = place / f"{name}.tif"
                write_geotiff(path, grid, self.georef, name=name, cloud_optimised=True)
                top = top_of(grid, each.ground | each.roofs, quantity_of(name)[1])
                written += [path, write_style(path, "difference", top)]
                if plots:
                    picture = path.with_suffix(".png")
                    draw_difference(
                        grid, name, each.underlay, title=title_of(each.name, name),
                        subtitle=self.period_text(), save_path=picture, roofs=each.roofs,
                    )  # fmt: skip
                    pictures[each.name, name] = picture
                    written.append(picture)
        write_text(target / TABLE, self._csv())
        write_page(
            target / PAGE, title=self.title, lead=self.period_text(), gains=self.gains,
            sections=[_section(each, pictures, self.cost_unit) for each in self.scenarios],
            cost_unit=self.cost_unit, extra=extra,
        )  # fmt: skip
        files = [*written, target / TABLE, target / PAGE]
        record = {**self.as_dict(), "files": [str(p.relative_to(target)) for p in files]}
        write_text(target / RECORD, json.dumps(record, indent=2) + "\n")
        return [*files, target / RECORD]

    def period_text(self) -> str:
        """When, for headings.

        Returns
        -------
        str
            Such as ``"2025-07-01 00:00 to 2025-07-01 23:00, 24 steps"``.
        """
        stamps = self.baseline.timeseries.datetime
        return (
            f"{stamps[0]:%Y-%m-%d %H:%M} to {stamps[-1]:%Y-%m-%d %H:%M}, {len(stamps)} steps; "
            f"{self.baseline.interval_text()}"
        )

    def _csv(self) -> str:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        names = [f.name for f in fields(Gain)]
        table.writerow(names)
        for gain in self.gains:
            values = [getattr(gain, name) for name in names]
            table.writerow(["" if isinstance(v, float) and math.isnan(v) else v for v in values])
        return text.getvalue()


def run_scenarios(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None,
    scenarios: str | Path | Sequence[Scenario],
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    thresholds: Any = None,
    config: ModelConfig | None = None,
    max_shadow_distance_m: float | None = None,
    tile_size: int | None = None,
    execution: ExecutionConfig | None = None,
    fields: Mapping[str, GivenAs | str] | None = None,
    plots: bool = True,
    title: str = "",
    cost_unit: str = "",
    progress_callback: Advance | None = None,
) -> ScenarioResults:
    """Compare edits of a place with the place as it is.

    Runs the baseline, and of each scenario only what its edits can reach; the numbers are those of
    full runs. Steps stay in memory.

    Parameters
    ----------
    surface
        The place as it is, with sky view; it stays as it is.
    weather, location
        As for :func:`solweig.calculate`.
    scenarios
        A TOML file (its ``baseline`` is not read), or :class:`Scenario` objects.
    out
        Folder for table, maps and page, see :meth:`ScenarioResults.write`; None writes nothing.
    overwrite
        Replace earlier results in ``out``.
    thresholds
        [deg C]: numbers, of UTCI, or a mapping from utci, pet and tmrt to numbers; None is what the
        file says, else 32 and 38 of UTCI.
    config, max_shadow_distance_m, tile_size, execution, fields
        As for :func:`solweig.calculate`.
    plots
        Draw maps; needs matplotlib.
    title, cost_unit
        Of the page; those of the file where they are not said.
    progress_callback
        Called with (done, total).

    Returns
    -------
    ScenarioResults
        Numbers and maps.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        A file or an edit that cannot be, by its key, before anything is run.
    MissingPrecomputedData
        The surface has no sky view.
    """
    if isinstance(scenarios, str | Path):
        file = read_scenarios(scenarios)
        title, cost_unit = title or file.title, cost_unit or file.cost_unit
        limits = file.thresholds if thresholds is None else Thresholds.of(thresholds)
        chosen: Sequence[Scenario] = file.scenarios
    else:
        chosen, limits = list(scenarios), Thresholds.of(thresholds)
    if not chosen:
        raise ConfigurationError("scenario", "at least one scenario", "none")
    if out is not None:
        check_out(Path(out), [each.name for each in chosen], overwrite=overwrite)
        if plots:
            require_matplotlib()
    surface.require_svf()
    with told_once():
        study = Study.of(
            surface, weather, location, chosen, thresholds=limits, config=config,
            execution=execution, max_shadow_distance_m=max_shadow_distance_m, tile_size=tile_size,
            fields=fields,
        )  # fmt: skip
        found = run_study(study, title=title, cost_unit=cost_unit, progress=progress_callback)
    if out is not None:
        found.write(out, overwrite=overwrite, plots=plots)
    return found


def run_study(
    study: Study, *, title: str = "", cost_unit: str = "", progress: Advance | None = None
) -> ScenarioResults:
    """Run the baseline and every scenario of a study whose surface has its sky view."""
    report, steps = parts_of(progress, len(study.edits) + 1), len(study.weather)
    baseline = study.run(study.surface, progress=partial(report, 0))
    before = maps_of(baseline, study.thresholds)
    found = []
    for number, edit in enumerate(study.edits, start=1):
        run = partial(study.run, progress=partial(report, number))
        changed = run_edits(study.surface, baseline, edit.layers, run)
        found.append(result_of(study, edit, changed, before))
        report(number, steps, steps)
    return ScenarioResults(
        found, baseline, study.surface.georef, study.thresholds, title, cost_unit
    )


def result_of(
    study: Study, edit: Edited, changed: ChangedRun, before: dict[str, Any]
) -> ScenarioResult:
    """What came of a scenario, without its steps."""
    after = maps_of(changed.summary, study.thresholds)
    old = np.asarray(study.surface.buildings() != 0)
    new = np.asarray(changed.surface.buildings() != 0)
    scenario, cell = edit.scenario, study.surface.pixel_size**2
    gains = gains_of(
        scenario.name, scenario.cost, before, after, old & new, ~old & ~new, study.thresholds, cell
    )
    notes = list(edit.notes)
    for count, words in ((old & ~new, "is built over"), (new & ~old, "is opened")):
        if count.any():
            notes.append(f"ground: {int(count.sum()) * cell:,.0f} m2 {words}, not in the numbers")
    return ScenarioResult(
        name=scenario.name,
        cost=scenario.cost,
        notes=notes,
        gains=gains,
        differences=difference(before, after),
        ground=old & new,
        computed={
            "share_of_sky": changed.share_of_sky,
            "share_of_steps": changed.share_of_steps,
            "windows": [list(window) for window in changed.windows],
            "whole": changed.whole,
        },
        roofs=any(e.kind in ("green_roof", "cool_roof") for e in scenario.edits),
        underlay=Underlay.of_surface(changed.surface),
    )


def check_out(folder: Path, names: Sequence[str], *, overwrite: bool) -> Path:
    """The folder of results, looked at before any work.

    Raises
    ------
    ConfigurationError
        It cannot be written, or holds results that are not to be replaced.
    """
    check_folder(folder)
    no_files(
        folder, [RECORD, TABLE, PAGE, *(folder_name(name) for name in names)], overwrite=overwrite
    )
    return folder


def _remove_earlier(folder: Path) -> None:
    """Delete what an earlier comparison says it wrote; nothing else."""
    try:
        files = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name in files:
        path = (folder / str(name)).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            path.unlink()
    for place in {(folder / str(name)).parent for name in files}:
        if place != folder and place.is_dir() and not any(place.iterdir()):
            place.rmdir()
    (folder / RECORD).unlink()


def _section(
    result: ScenarioResult, pictures: Mapping[tuple[str, str], Path], cost_unit: str
) -> Section:
    computed = result.computed
    how = (
        f"computed: sky view of {computed['share_of_sky']:.1%} and steps of "
        f"{computed['share_of_steps']:.1%} of the cells"
    )
    if len(computed["windows"]) > 1:
        how += f", in {len(computed['windows'])} parts that may overlap"
    if computed["whole"]:
        how = f"computed: all of it, because {computed['whole']}"
    cost = [] if result.cost is None else [f"cost: {result.cost:,.0f} {cost_unit}".rstrip()]
    shown = [
        (quantity_of(name)[0], pictures[result.name, name])
        for name in result.differences
        if (result.name, name) in pictures
    ]
    return Section(result.name, [*cost, *result.notes, how], shown)


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"


def _whole(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0f}"
