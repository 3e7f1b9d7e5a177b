"""``solweig scenario``: edits of a place compared, and trees where they cool most."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from rich.table import Table

from solweig.atomic import write_text
from solweig.cli import options as opt
from solweig.cli.app import COMMANDS
from solweig.cli.further import instead_of_steps
from solweig.cli.lazy_group import load_function
from solweig.cli.machine import ProgressForm, StopWithInput, emit
from solweig.cli.support import Options, clean_errors, defaults_of, out_console, print_json, say
from solweig.errors import ConfigurationError
from solweig.messages import told_once
from solweig.results.plotting import require_matplotlib
from solweig.scenarios.example import EXAMPLE
from solweig.scenarios.optimise import (
    check_placed,
    check_trees,
    place_trees,
    study_of_trees,
)
from solweig.scenarios.optimise_wishes import TreeWishes
from solweig.scenarios.results import ScenarioResults, check_out, run_study
from solweig.scenarios.study import Study
from solweig.scenarios.tables import ScenarioFile, read_scenarios
from solweig.scenarios.wishes import checked_keys
from solweig.surface.data import SurfaceData
from solweig.typing import Advance
from solweig.weather.location import Location
from solweig.weather.step import Weather

__all__ = ["scenario"]

log = logging.getLogger("solweig")

_HELP = "Compare edits of a place, or place trees where they cool most."

scenario = typer.Typer(
    help=_HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
scenario.__doc__ = _HELP

#: Of a run, what says what is done with its results.
_NOT_OURS = (
    "out", "config", "outputs", "pois", "plots", "overwrite", "resume", "state", "save-state",
    "output-format", "dry-run", "statistics-only", "percentiles", "group-by", "tmrt-thresholds",
    "pet-thresholds", "cluster", "storage", "styles", "progress", "stop-with-input",
    "report", "indices", "index-thresholds", "heat-thresholds-day", "heat-thresholds-night",
)  # fmt: skip
_OF_A_SURFACE = ("dsm", "dem", "cdsm", "tdsm", "land-cover", "albedo", "emissivity")
_WIDTH = 150

File = Annotated[
    Path, typer.Argument(metavar="FILE.toml", help="Baseline and edits; solweig scenario init.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for the results; else that of the file.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier results in --out.")]
Plots = Annotated[bool, typer.Option("--plots/--no-plots", help="Draw PNG maps.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Check everything and say what it would take; compute and write nothing."
    ),
]


@scenario.callback()
def _group() -> None:
    """Compare edits of a place, or place trees where they cool most."""


@scenario.command("run")
def run(
    context: typer.Context,
    file: File,
    out: Out = None,
    overwrite: Overwrite = False,
    plots: Plots = True,
    dry_run: DryRun = False,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
    as_json: opt.Json = False,
) -> None:
    """Run a baseline and edits of it; of each edit only what it can reach.

    Writes scenarios.csv, index.html, and maps of differences as GeoTIFF and PNG.

    Examples
    --------
    solweig scenario init square.toml

    solweig scenario run square.toml --out square/
    """
    with clean_errors():
        found = read_scenarios(file)
        if not found.scenarios:
            raise ConfigurationError(f"{file.name}: scenario", "at least one [[scenario]]", "none")
        target = _target(found, out)
        check_out(target, [each.name for each in found.scenarios], overwrite=overwrite)
        work = _Scenarios(found, target, overwrite, plots, dry_run, as_json)
        _as_a_run(context, work, progress)


@scenario.command("optimise")
def optimise(
    context: typer.Context,
    file: File,
    trees: Annotated[int, typer.Option("--trees", help="How many trees to place.")],
    out: Out = None,
    overwrite: Overwrite = False,
    plots: Plots = True,
    dry_run: DryRun = False,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
    as_json: opt.Json = False,
) -> None:
    """Place trees one by one where they cool most.

    A guess ranks all places, the model computes the best of them for each tree. Trees, and where
    they may stand, are the table optimise of the file. Writes trees.gpkg, candidates.csv and what
    scenario run writes.

    Examples
    --------
    solweig scenario optimise square.toml --trees 5 --out trees/
    """
    with clean_errors():
        found = read_scenarios(file)
        check_trees(trees)
        target = _target(found, out)
        check_placed(target, overwrite=overwrite)
        work = _Trees(found, target, overwrite, plots, dry_run, as_json)
        work.count = trees
        _as_a_run(context, work, progress)


@scenario.command("init")
def init(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write; default: standard output.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write a commented file of scenarios to fill in.

    Examples
    --------
    solweig scenario init square.toml
    """
    with clean_errors():
        if file is None:
            out_console().print(EXAMPLE, markup=False, end="")
            return
        if file.exists() and not overwrite:
            raise ConfigurationError("file", "a new file, or --overwrite", str(file))
        write_text(file, EXAMPLE)
        out_console().print(str(file), markup=False)


def _target(found: ScenarioFile, out: Path | None) -> Path:
    target = out or found.out
    if target is None:
        raise ConfigurationError(
            "out", "a folder for the results", "none", f"Say out in {found.path.name}, or --out."
        )
    return target


# ------------------------------------------------------------------ the baseline


def _as_a_run(context: typer.Context, work: _Further, progress: str) -> None:
    """Read the baseline as ``solweig run`` reads its options, and go on from there."""
    root = context.find_root()
    commands: Any = root.command
    command = commands.get_command(root, "run")
    name = f"{work.file.path.name}: baseline"
    table, folder = _baseline(work.file.baseline, command.params, name, work.file.path.parent)
    work.folder = folder
    # Messages name keys of the file.
    flags = {p.name: p.opts[0] for p in command.params if p.opts}
    Options.flags = {
        **{n: f"{name}.{flag.lstrip('-')}" for n, flag in flags.items() if n not in ("out",)},
        **{flag: f"{name}.{flag.lstrip('-')}" for n, flag in flags.items() if n not in ("out",)},
    }
    defaults = defaults_of(table, command.params, name)
    defaults |= {
        "out": str(work.target), "outputs": "tmrt,utci,shadow", "progress": progress,
        "dry_run": work.dry_run and not work.as_json,
    }  # fmt: skip
    try:
        with told_once(), command.make_context("run", [], default_map=defaults) as inner:
            if work.plots and not work.dry_run:
                require_matplotlib()
            with instead_of_steps(work):
                command.invoke(inner)
    except typer.BadParameter as error:
        param = getattr(error.param, "opts", [""])[0].lstrip("-")
        raise ConfigurationError(
            f"{name}.{param}" if param else name, _expected(error), _got(table, param)
        ) from None


def _expected(error: typer.BadParameter) -> str:
    return str(error.message or "a value, which a run needs").rstrip(".")


def _got(table: Mapping[str, Any], key: str) -> str:
    return repr(table[key]) if key in table else "none"


def _baseline(
    given: Mapping[str, Any], params: list[Any], name: str, folder: Path
) -> tuple[dict[str, Any], Path | None]:
    """The table of the baseline with its files beside the file, and a prepared surface's folder."""
    keys = {str(p.name).replace("_", "-"): p for p in params if p.name != "help"}
    ours = [key for key in keys if key not in _NOT_OURS]
    table = {str(key).replace("_", "-"): value for key, value in given.items()}
    for key in table:
        if key in _NOT_OURS:
            raise ConfigurationError(
                f"{name}.{key}", "options of surface, weather, place and model",
                "one of results, which are those of the scenarios",
            )  # fmt: skip
    checked_keys(table, [*ours, "surface"], name)
    surface, hints = (
        table.pop("surface", None),
        get_type_hints(load_function("run", COMMANDS["run"])),
    )
    for key, value in table.items():
        if key == "weather" or _holds_paths(hints[str(keys[key].name)]):
            table[key] = _beside(value, folder)
        elif key == "field":
            table[key] = _fields_beside(value, folder)
    if surface is None:
        if "dsm" not in table:
            raise ConfigurationError(f"{name}.dsm", "a surface model, or a surface", "none")
        return table, None
    both = [key for key in _OF_A_SURFACE if key in table]
    if both:
        raise ConfigurationError(
            f"{name}.surface", "a prepared surface or its rasters", f"{both[0]} beside it"
        )
    place = folder / str(surface)
    table["dsm"] = str(place / "cleaned" / "dsm.tif")
    return table, place


def _holds_paths(hint: Any) -> bool:
    return hint is Path or any(_holds_paths(part) for part in get_args(hint))


def _fields_beside(value: Any, folder: Path) -> Any:
    """Entries such as ``ta=ta.tif@2m`` with their files beside the file; a lapse rate has none."""
    if isinstance(value, list):
        return [_fields_beside(each, folder) for each in value]
    if isinstance(value, Mapping):
        return [_fields_beside(f"{name}={text}", folder) for name, text in value.items()]
    name, equals, text = str(value).partition("=")
    if not equals or text.strip().startswith("lapse:"):
        return value
    return f"{name}={_beside(text.strip(), folder)}"


def _beside(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_beside(each, folder) for each in value]
    if not isinstance(value, str) or "://" in value:
        return value
    return str(folder / Path(value).expanduser())


class _Further(ABC):
    """What both commands do with the surface of a run."""

    doing = "Running"

    def __init__(
        self,
        file: ScenarioFile,
        target: Path,
        overwrite: bool,
        plots: bool,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        self.file, self.target, self.overwrite = file, target, overwrite
        self.plots, self.dry_run, self.as_json = plots, dry_run, as_json
        self.folder: Path | None = None

    def surface(self, progress: Advance, **options: Any) -> SurfaceData:
        """See :class:`solweig.cli.further.Further`."""
        if self.folder is None:
            return opt.prepared_surface(progress, **options)
        found = SurfaceData.load(self.folder)
        options["check"](found)
        if found.svf is None:
            found.compute_svf(
                patch_option=options["patch_option"], feedback=progress,
                max_shadow_distance_m=options["max_shadow_distance_m"],
                execution=options["execution"],
            )  # fmt: skip
        return found

    def check(
        self, surface: SurfaceData, steps: list[Weather], where: Location, options: dict[str, Any]
    ) -> None:
        """See :class:`solweig.cli.further.Further`."""
        study = self.study(surface, steps, where, options)
        if not self.dry_run:
            return
        if self.as_json:
            print_json({"dry_run": True, "out": str(self.target), **self.planned(study)})
            raise typer.Exit
        say(self.lines(study))

    @abstractmethod
    def run(
        self, surface: SurfaceData, steps: Any, where: Any, options: Any, progress: Advance
    ) -> None:
        """See :class:`solweig.cli.further.Further`."""

    @abstractmethod
    def study(self, surface: SurfaceData, steps: Any, where: Any, options: Any) -> Study:
        """The baseline and its edits, checked."""

    @abstractmethod
    def planned(self, study: Study) -> dict[str, Any]:
        """What would be done, as JSON can hold it."""

    @abstractmethod
    def lines(self, study: Study) -> list[tuple[str, str]]:
        """The same, for people."""

    def told(self, results: ScenarioResults, files: list[Path], more: str = "") -> None:
        """Print the table, and what was written."""
        if self.as_json:
            print_json({**results.as_dict(), "folder": str(self.target.absolute())})
            return
        console = out_console()
        # Not cut short where there is no terminal, or a narrow one.
        console.width = max(console.width, _WIDTH)
        console.print(_table(results))
        for each in results.scenarios:
            for note in each.notes:
                out_console().print(f"{each.name}: {note}", markup=False)
        if more:
            out_console().print(more, markup=False)
        say([("written", str(self.target / "index.html"))])
        emit(
            command="scenario", folder=str(self.target.absolute()),
            files=[{"path": str(p.absolute()), "kind": p.suffix[1:], "name": p.stem}
                   for p in files],
        )  # fmt: skip


def _options(options: dict[str, Any]) -> dict[str, Any]:
    names = ("config", "max_shadow_distance_m", "tile_size", "execution", "fields")
    return {name: options[name] for name in names}


class _Scenarios(_Further):
    doing = "Running the scenarios"

    def study(self, surface: SurfaceData, steps: Any, where: Any, options: Any) -> Study:
        return Study.of(
            surface, steps, where, self.file.scenarios, thresholds=self.file.thresholds,
            **_options(options),
        )  # fmt: skip

    def planned(self, study: Study) -> dict[str, Any]:
        return {
            "scenarios": [
                {"name": e.scenario.name, "cost": e.scenario.cost, "notes": e.notes}
                for e in study.edits
            ]
        }

    def lines(self, study: Study) -> list[tuple[str, str]]:
        return [("scenario", f"{e.scenario.name}: {'; '.join(e.notes)}") for e in study.edits]

    def run(
        self, surface: SurfaceData, steps: Any, where: Any, options: Any, progress: Advance
    ) -> None:
        """See :class:`solweig.cli.further.Further`."""
        study = self.study(surface, steps, where, options)
        found = run_study(
            study, title=self.file.title, cost_unit=self.file.cost_unit, progress=progress
        )
        files = found.write(self.target, overwrite=self.overwrite, plots=self.plots)
        self.told(found, files)


class _Trees(_Further):
    doing = "Placing trees"
    count = 1

    def study(self, surface: SurfaceData, steps: Any, where: Any, options: Any) -> Study:
        return study_of_trees(
            surface, steps, where, self.wishes, thresholds=self.file.thresholds,
            **_options(options),
        )  # fmt: skip

    @property
    def wishes(self) -> TreeWishes:
        """What trees, and where."""
        return self.file.trees or TreeWishes(key=f"{self.file.path.name}: optimise")

    def planned(self, study: Study) -> dict[str, Any]:
        return {"trees": self.count, "runs": 1 + self.count * self.wishes.best}

    def lines(self, study: Study) -> list[tuple[str, str]]:
        best = self.wishes.best
        return [("trees", f"{self.count}, {best} places computed for each of them")]

    def run(
        self, surface: SurfaceData, steps: Any, where: Any, options: Any, progress: Advance
    ) -> None:
        """See :class:`solweig.cli.further.Further`."""
        study = self.study(surface, steps, where, options)
        found = place_trees(
            study, self.count, self.wishes, title=self.file.title, progress=progress
        )
        files = found.write(self.target, overwrite=self.overwrite, plots=self.plots)
        if self.as_json:
            print_json({
                **found.results.as_dict(), "folder": str(self.target.absolute()),
                "candidates": found.table().to_dict("records"),
                "guess_agrees": found.guess_agrees(), "notes": found.notes,
            })  # fmt: skip
            return
        self.told(found.results, files, found.report())


def _table(results: ScenarioResults) -> Table:
    unit = results.cost_unit
    costs = any(not math.isnan(gain.cost) for gain in results.gains)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    table.add_column("above", no_wrap=True)
    heads = ["m2 won", "m2 lost", "m2 h won", "mean K", "p95 K", "roofs K"]
    heads += [f"cost {unit}".strip(), f"{unit or 'cost'}/m2h"] if costs else []
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for g in results.gains:
        above = g.index if math.isnan(g.threshold) else f"{g.index} {g.threshold:g} °C"
        cells = [
            *(_plain(v, ",.0f") for v in (g.area_won_m2, g.area_lost_m2, g.area_hours_won)),
            _plain(g.mean_change, "+.3f"), _plain(g.p95_change, "+.2f"),
            _plain(g.roof_change, "+.2f"),
        ]  # fmt: skip
        if costs:
            cells += [_plain(g.cost, ",.0f"), _plain(g.cost_per_area_hour, ".3g")]
        table.add_row(g.scenario, above, *cells)
    return table


def _plain(value: float, form: str) -> str:
    if math.isnan(value):
        return ""
    text = format(value, form)
    return text if float(text.replace(",", "")) else text.lstrip("+-")
