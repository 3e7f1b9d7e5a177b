"""Trees where they cool most, one after the other: a guess ranks places, the model decides."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from solweig.bars import parts_of
from solweig.config import ModelConfig
from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.exposure.files import write_csv, write_geopackage
from solweig.messages import told_once
from solweig.packages import need
from solweig.results.plotting import require_matplotlib
from solweig.scenarios import candidates as places
from solweig.scenarios.changed import ChangedRun, run_edits
from solweig.scenarios.gains import maps_of
from solweig.scenarios.layers import edited
from solweig.scenarios.optimise_wishes import TreeWishes
from solweig.scenarios.places import grid_of
from solweig.scenarios.results import ScenarioResults, check_out, result_of
from solweig.scenarios.study import Study
from solweig.scenarios.thresholds import Thresholds
from solweig.scenarios.wishes import Edit, Scenario
from solweig.surface.data import SurfaceData
from solweig.typing import F64, Advance, Bool
from solweig.weather.fields import GivenAs
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Candidate",
    "PlacedTrees",
    "check_trees",
    "optimise_trees",
    "place_trees",
    "study_of_trees",
]

NAME = "Trees"
_TREES, _CANDIDATES = "trees.gpkg", "candidates.csv"


@dataclass(frozen=True)
class Candidate:
    """A place that the model computed.

    Attributes
    ----------
    tree
        Number of the tree it was looked at for, from 1.
    x, y
        Of the stem, in the surface's system.
    rank
        By the guess, from 1.
    guess
        Area-hours in the sun that the tree would shade, times K above the threshold [m2 h K].
    cooled
        Area-hours that the model says it cools, beside the trees before it [m2 h].
    chosen
        Whether the tree stands here.
    """

    tree: int
    x: float
    y: float
    rank: int
    guess: float
    cooled: float
    chosen: bool


@dataclass
class PlacedTrees:
    """Trees, in the order in which they were placed, and what they change together.

    Parameters
    ----------
    candidates
        Every place that the model computed.
    results
        All trees beside the baseline.
    wishes
        What was asked for.
    notes
        Why there are fewer trees than asked for, if so.
    """

    candidates: list[Candidate]
    results: ScenarioResults
    wishes: TreeWishes
    notes: list[str] = field(default_factory=list)

    @property
    def trees(self) -> list[Candidate]:
        """The places chosen."""
        return [each for each in self.candidates if each.chosen]

    def guess_agrees(self) -> tuple[float, float]:
        """How well the guess ranks the places that the model computed.

        Returns
        -------
        first : float
            Share of the trees for which the guess's first place was the model's.
        rank : float
            Correlation of the ranks of guess and truth among the places of a tree, mean over the
            trees; NaN with one place each.
        """
        first, found = [], []
        for number in sorted({each.tree for each in self.candidates}):
            mine = [each for each in self.candidates if each.tree == number]
            first.append(next(each.rank for each in mine if each.chosen) == 1)
            truth, guess = (
                _ranks([getattr(each, name) for each in mine]) for name in ("cooled", "guess")
            )
            if np.ptp(truth) > 0 and np.ptp(guess) > 0:
                found.append(float(np.corrcoef(truth, guess)[0, 1]))
        return float(np.mean(first)), float(np.mean(found)) if found else float("nan")

    def table(self) -> pd.DataFrame:
        """Every place that the model computed.

        Returns
        -------
        pd.DataFrame
            Fields of :class:`Candidate`.
        """
        import pandas as pd

        return pd.DataFrame([asdict(each) for each in self.candidates])

    def report(self) -> str:
        """The trees, and how good the guess was, as plain text.

        Returns
        -------
        str
            A line for each tree.
        """
        lines = [f"{'tree':>4}{'x':>14}{'y':>14}{'guess m2hK':>13}{'rank':>6}{'cooled m2h':>13}"]
        lines += [
            f"{t.tree:>4}{t.x:14.2f}{t.y:14.2f}{t.guess:13.0f}{t.rank:6d}{t.cooled:13.0f}"
            for t in self.trees
        ]
        return "\n".join([*lines, *self._words()])

    def _words(self) -> list[str]:
        first, rank = self.guess_agrees()
        words = [
            f"the model computed {len(self.candidates)} places for {len(self.trees)} trees; the "
            f"guess's first was the model's for {first:.0%} of them",
        ]
        if np.isfinite(rank):
            words.append(f"rank correlation of guess and model {rank:.2f}")
        return words + self.notes

    def write(
        self, folder: str | Path, *, overwrite: bool = False, plots: bool = True
    ) -> list[Path]:
        """Write the trees, the places, and what :meth:`ScenarioResults.write` writes.

        Parameters
        ----------
        folder
            Made if need be; ``trees.gpkg`` is a file that ``plant`` reads.
        overwrite
            Replace earlier results there.
        plots
            Draw; needs matplotlib.

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
        import geopandas
        import shapely

        target = check_placed(Path(folder), overwrite=overwrite)
        written = self.results.write(target, overwrite=overwrite, plots=plots, extra=self._html())
        wishes, trees = self.wishes, self.trees
        table = geopandas.GeoDataFrame(
            {
                "tree": [t.tree for t in trees],
                "height": wishes.height,
                "crown_diameter": wishes.crown_diameter,
                "trunk_height": wishes.trunk_height,
                "crown_shape": wishes.shape,
                "guess": [t.guess for t in trees],
                "cooled": [t.cooled for t in trees],
            },
            geometry=list(shapely.points([(t.x, t.y) for t in trees])),
            crs=self.results.georef.crs_wkt or None,
        )
        if wishes.transmissivity is not None:
            table["transmissivity"] = wishes.transmissivity
        write_geopackage(target / _TREES, {"trees": table})
        write_csv(target / _CANDIDATES, self.table())
        return [*written, target / _TREES, target / _CANDIDATES]

    def _html(self) -> str:
        rows = "".join(
            f"<tr><td>{t.tree}</td><td>{t.x:.2f}</td><td>{t.y:.2f}</td><td>{t.rank}</td>"
            f"<td>{t.guess:,.0f}</td><td>{t.cooled:,.0f}</td></tr>"
            for t in self.trees
        )
        words = "".join(f"<li>{html.escape(word)}</li>" for word in self._words())
        return (
            "<h2>The trees</h2><div class='wide'><table><tr><th>Tree</th><th>x</th><th>y</th>"
            "<th>Rank of the guess</th><th>Guess <span>[m² h K]</span></th>"
            f"<th>Cooled by the model <span>[m² h]</span></th></tr>{rows}</table></div>"
            f"<ul class='found'>{words}</ul>"
        )


def optimise_trees(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None,
    trees: int,
    wishes: TreeWishes | None = None,
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
    progress_callback: Advance | None = None,
) -> PlacedTrees:
    """Place trees one by one where they cool most.

    For each tree a guess ranks all places: the area-hours in the sun that it would shade, weighted
    by how hot they are. The best few, apart from each other, are computed by the model, and the one
    that cools most area-hours is taken. The same inputs give the same trees.

    Parameters
    ----------
    surface
        The place as it is, with sky view; it stays as it is.
    weather, location
        As for :func:`solweig.calculate`.
    trees
        How many, at least 1.
    wishes
        What trees, and where they may stand.
    out
        Folder for trees, table, maps and page, see :meth:`PlacedTrees.write`; None writes nothing.
    overwrite
        Replace earlier results in ``out``.
    thresholds
        Of the hours that are counted, as for :func:`solweig.run_scenarios`.
    config, max_shadow_distance_m, tile_size, execution, fields
        As for :func:`solweig.calculate`.
    plots
        Draw maps; needs matplotlib.
    title
        Of the page.
    progress_callback
        Called with (done, total).

    Returns
    -------
    PlacedTrees
        Fewer than asked for where no place is left that cools.

    Raises
    ------
    ConfigurationError
        No place for a tree, a raster of weights that cannot be, a folder that holds results.
    MissingPrecomputedData
        The surface has no sky view.
    """
    check_trees(trees)
    chosen = wishes or TreeWishes()
    need("optimise_trees", "geopandas", "pyogrio", "shapely", extra="inputs")
    if out is not None:
        check_placed(Path(out), overwrite=overwrite)
        if plots:
            require_matplotlib()
    surface.require_svf()
    with told_once():
        study = study_of_trees(
            surface, weather, location, chosen, thresholds=Thresholds.of(thresholds),
            config=config, execution=execution, max_shadow_distance_m=max_shadow_distance_m,
            tile_size=tile_size, fields=fields,
        )  # fmt: skip
        found = place_trees(study, trees, chosen, title=title, progress=progress_callback)
    if out is not None:
        found.write(out, overwrite=overwrite, plots=plots)
    return found


def check_trees(trees: Any) -> int:
    """A number of trees.

    Raises
    ------
    ConfigurationError
        Not a whole number from 1.
    """
    if not isinstance(trees, int) or isinstance(trees, bool) or trees < 1:
        raise ConfigurationError("trees", "a whole number from 1", repr(trees))
    return trees


def check_placed(folder: Path, *, overwrite: bool) -> Path:
    """The folder of results, looked at before any work."""
    return check_out(folder, [NAME, _TREES, _CANDIDATES], overwrite=overwrite)


def study_of_trees(
    surface: SurfaceData,
    weather: Any,
    location: Location | None,
    wishes: TreeWishes,
    **options: Any,
) -> Study:
    """The baseline of trees that are still to be placed; checks that there is room for one."""
    grid = grid_of(surface)
    first = _planted(wishes, *grid.centre)
    study = Study.of(surface, weather, location, [first], carry_out=False, **options)
    places.allowed(study.surface, wishes)
    places.weights(wishes.population, grid, wishes.key)
    return study


def place_trees(
    study: Study,
    trees: int,
    wishes: TreeWishes,
    *,
    title: str = "",
    progress: Advance | None = None,
) -> PlacedTrees:
    """Place trees on a study whose surface has its sky view."""
    base, size = study.surface, study.surface.pixel_size
    report = parts_of(progress, trees * wishes.best + 1)
    weight = places.weights(wishes.population, grid_of(base), wishes.key)
    ground = np.asarray(base.buildings() != 0)
    work = _Placing(study, wishes, ground, weight, report)
    left, crown, suns = places.allowed(base, wishes), places.crown_of(wishes, size), _suns(study)
    baseline = study.run(base, progress=partial(report, 0))
    now = ChangedRun(base, baseline)
    computed: list[Candidate] = []
    notes: list[str] = []
    for number in range(1, trees + 1):
        guess = places.score(now.summary, suns, ground, weight, crown, wishes, size)
        ranked = _best(guess, left, wishes, size)
        if not ranked:
            notes.append(f"no place is left that shades hot ground after {number - 1} trees")
            break
        tried, best, there = work.compute(number, ranked, guess, now)
        if there is None:
            notes.append(f"no place that was computed cools after {number - 1} trees")
            break
        computed += [replace(each, chosen=k == best) for k, each in enumerate(tried)]
        now = _joined(now, there)
        left = places.apart(left, *ranked[best], wishes.between, size)
    if not computed:
        raise ConfigurationError(
            f"{wishes.key}.threshold", "ground that is hotter in the sun", notes[0]
        )
    points = [(each.x, each.y) for each in computed if each.chosen]
    scenario = Scenario(NAME, (_edit(wishes, points),), key=wishes.key)
    all_trees = edited(base, scenario, materials=study.materials)
    result = result_of(study, all_trees, now, maps_of(baseline, study.thresholds))
    results = ScenarioResults(
        [result], baseline, base.georef, study.thresholds, title or "Trees where they cool most"
    )
    report(trees * wishes.best, len(study.weather), len(study.weather))
    return PlacedTrees(computed, results, wishes, notes)


@dataclass(frozen=True)
class _Placing:
    """What the places of all trees are computed with."""

    study: Study
    wishes: TreeWishes
    ground: Bool
    weight: F64 | None
    report: Callable[[int, int, int], None]

    def compute(
        self, number: int, ranked: Sequence[tuple[int, int]], guess: F64, now: ChangedRun
    ) -> tuple[list[Candidate], int, ChangedRun | None]:
        """The places of a tree by the model, which of them cools most, and its run if it does.

        Of equal ones it is the guess's first; only the best run is kept.
        """
        study, wishes, steps = self.study, self.wishes, len(self.study.weather)
        grid, cell_m2 = grid_of(study.surface), study.surface.pixel_size**2
        found: list[Candidate] = []
        best, kept, most = 0, None, 0.0
        for rank, (row, col) in enumerate(ranked, start=1):
            x, y = (float(v) for v in grid.transform * (col + 0.5, row + 0.5))
            layers = edited(now.surface, _planted(wishes, x, y), materials=study.materials).layers
            part = (number - 1) * wishes.best + rank
            run = partial(study.run, progress=partial(self.report, part))
            there = run_edits(now.surface, now.summary, layers, run)
            won = places.cooled(
                now.summary, there.summary, self.ground, self.weight, wishes, cell_m2
            )
            if won > most:
                best, kept, most = rank - 1, there, won
            found.append(Candidate(number, x, y, rank, float(guess[row, col]), won, False))
            self.report(part, steps, steps)
        return found, best, kept


def _joined(before: ChangedRun, after: ChangedRun) -> ChangedRun:
    """A run after one more edit."""
    return ChangedRun(
        after.surface, after.summary, before.windows + after.windows,
        before.share_of_sky + after.share_of_sky, before.share_of_steps + after.share_of_steps,
        before.whole or after.whole,
    )  # fmt: skip


def _best(guess: F64, left: Bool, wishes: TreeWishes, size: float) -> list[tuple[int, int]]:
    """The best places by the guess, a crown apart so that they are several."""
    found: list[tuple[int, int]] = []
    open_to = left & (guess > 0.0)
    while open_to.any() and len(found) < wishes.best:
        # The first of equal ones, from north to south and west to east.
        flat = int(np.argmax(np.where(open_to, guess, -1.0)))
        row, col = divmod(flat, guess.shape[1])
        found.append((row, col))
        open_to = places.apart(open_to, row, col, wishes.crown_diameter, size)
        open_to[row, col] = False
    return found


def _suns(study: Study) -> Any:
    series = weather_series(study.weather, study.location, stamp=study.config.stamp, gaps="allow")
    columns = series.columns
    return np.stack([columns["altitude"], columns["azimuth"]], axis=1).astype(np.float64)


def _edit(wishes: TreeWishes, points: Sequence[tuple[float, float]]) -> Edit:
    names = ("height", "crown_diameter", "trunk_height", "shape", "transmissivity")
    told = {name: getattr(wishes, name) for name in names}
    return Edit(
        "plant",
        {"points": list(points), **{n: v for n, v in told.items() if v is not None}},
        wishes.key,
    )


def _planted(wishes: TreeWishes, x: float, y: float) -> Scenario:
    return Scenario(NAME, (_edit(wishes, [(float(x), float(y))]),), key=wishes.key)


def _ranks(values: Sequence[float]) -> F64:
    _, place = np.unique(np.asarray(values), return_inverse=True)
    return place.astype(np.float64)
