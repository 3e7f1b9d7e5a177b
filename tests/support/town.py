"""A made town: what stands where is known, and every kind of source can be drawn from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

WEST, SOUTH = 500_000.0, 5_400_000.0
UTM32 = "EPSG:25832"


@dataclass(frozen=True)
class House:
    """A block with a flat roof; corners in metres from the town's south-west corner."""

    west: float
    south: float
    east: float
    north: float
    height: float


@dataclass(frozen=True)
class Tree:
    """A tree with a round crown."""

    x: float
    y: float
    height: float
    radius: float
    trunk: float


@dataclass(frozen=True)
class Town:
    """Blocks and trees on sloping ground, ``side`` metres square."""

    side: float = 120.0
    slope: tuple[float, float] = (0.02, -0.01)
    level: float = 40.0
    houses: tuple[House, ...] = (
        House(10, 10, 30, 25, 8.0),
        House(40, 12, 58, 40, 15.0),
        House(70, 60, 100, 90, 21.0),
        House(15, 70, 35, 100, 6.0),
        House(70, 20, 85, 32, 3.5),
    )
    trees: tuple[Tree, ...] = (
        Tree(20.5, 50.5, 10.0, 4.0, 2.5),
        Tree(30.5, 50.5, 7.0, 3.0, 2.0),
        Tree(55.5, 60.5, 14.0, 5.0, 4.0),
        Tree(100.5, 40.5, 8.0, 3.5, 2.0),
        Tree(105.5, 105.5, 18.0, 6.0, 5.0),
    )
    water: tuple[float, float, float, float] = (40.0, 100.0, 60.0, 115.0)
    seed: int = field(default=3)

    # ------------------------------------------------------------------ what is known

    def ground(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Elevation of the ground at metres from the corner."""
        return np.asarray(
            self.level + self.slope[0] * np.asarray(x) + self.slope[1] * np.asarray(y)
        )

    def base(self, house: House) -> float:
        """Mean ground under a house."""
        return float(self.ground((house.west + house.east) / 2, (house.south + house.north) / 2))

    def roof(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Elevation of the roof, NaN where no house stands."""
        x, y = np.asarray(x), np.asarray(y)
        found = np.full(np.broadcast(x, y).shape, np.nan)
        for house in self.houses:
            inside = (x >= house.west) & (x < house.east) & (y >= house.south) & (y < house.north)
            found = np.where(inside, np.fmax(found, self.base(house) + house.height), found)
        return found

    def crown(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Top of the crowns above ground, 0 where there is none."""
        x, y = np.asarray(x), np.asarray(y)
        found = np.zeros(np.broadcast(x, y).shape)
        for tree in self.trees:
            ratio = ((x - tree.x) ** 2 + (y - tree.y) ** 2) / tree.radius**2
            middle, half = (tree.height + tree.trunk) / 2, (tree.height - tree.trunk) / 2
            top = middle + half * np.sqrt(np.clip(1 - ratio, 0, None))
            found = np.where(ratio < 1, np.fmax(found, top), found)
        return found

    def centres(self, pixel: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres from the corner of the centres of the cells, north first."""
        count = round(self.side / pixel)
        steps = (np.arange(count) + 0.5) * pixel
        return np.broadcast_to(steps, (count, count)), np.broadcast_to(
            steps[::-1, None], (count, count)
        )

    def dem(self, pixel: float = 1.0) -> NDArray[np.float32]:
        return self.ground(*self.centres(pixel)).astype(np.float32)

    def dsm(self, pixel: float = 1.0) -> NDArray[np.float32]:
        x, y = self.centres(pixel)
        return np.fmax(self.ground(x, y), self.roof(x, y)).astype(np.float32)

    def canopy(self, pixel: float = 1.0) -> NDArray[np.float32]:
        return self.crown(*self.centres(pixel)).astype(np.float32)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return WEST, SOUTH, WEST + self.side, SOUTH + self.side

    # ------------------------------------------------------------------ sources

    def points(self, density: float = 8.0) -> dict[str, NDArray[Any]]:
        """A survey from above: x, y, z, class, returns of the pulse; the first return's roof hides
        the ground."""
        rng = np.random.default_rng(self.seed)
        count = int(density * self.side**2)
        x, y = rng.random((2, count)) * self.side
        ground, roof, crown = self.ground(x, y), self.roof(x, y), self.crown(x, y)
        z, code = ground.copy(), np.full(count, 2, np.uint8)
        several = np.zeros(count, np.bool_)
        west, south, east, north = self.water
        wet = (x > west) & (x < east) & (y > south) & (y < north)
        code[wet] = 9
        built = np.isfinite(roof)
        z[built], code[built] = roof[built], 6
        leafy = ~built & (crown > 0)
        hit = leafy & (rng.random(count) < 0.8)
        z[hit], code[hit], several[leafy] = (ground + crown)[hit], 5, True
        return {"x": x, "y": y, "z": z, "class": code, "several": several}

    def write_lidar(
        self,
        path: Path,
        *,
        density: float = 8.0,
        crs: Any = UTM32,
        classes: dict[int, int] | None = None,
        noise: int = 20,
        scale_z: float = 1.0,
        points: dict[str, NDArray[Any]] | None = None,
        point_format: int = 6,
    ) -> Path:
        """A LAS or LAZ file, by the ending; ``classes`` renames classes."""
        import laspy

        survey = self.points(density) if points is None else points
        header = laspy.LasHeader(version="1.4", point_format=point_format)
        header.scales, header.offsets = [0.001] * 3, [WEST, SOUTH, 0.0]
        if crs is not None:
            header.add_crs(CRS.from_user_input(crs))
        code = survey["class"].copy()
        for old, new in (classes or {}).items():
            code[survey["class"] == old] = new
        rng = np.random.default_rng(1)
        x = np.concatenate([survey["x"], rng.random(noise) * self.side])
        y = np.concatenate([survey["y"], rng.random(noise) * self.side])
        z = np.concatenate([survey["z"], np.where(rng.random(noise) < 0.5, 900.0, -90.0)])
        las = laspy.LasData(header)
        las.x, las.y, las.z = WEST + x, SOUTH + y, z * scale_z
        las.classification = np.concatenate([code, np.full(noise, 7, np.uint8)])
        las.number_of_returns = np.concatenate([1 + survey["several"], np.ones(noise)]).astype(
            np.uint8
        )
        las.return_number = np.ones(len(z), np.uint8)
        las.write(path)
        return path

    def footprints(self, **columns: Any) -> Any:
        """A GeoDataFrame of the houses; without columns it has their heights."""
        import geopandas
        from shapely.geometry import box

        shapes = [
            box(WEST + h.west, SOUTH + h.south, WEST + h.east, SOUTH + h.north) for h in self.houses
        ]
        return geopandas.GeoDataFrame(
            columns or {"height": [h.height for h in self.houses]}, geometry=shapes, crs=UTM32
        )

    def tree_points(self, **columns: Any) -> Any:
        """A GeoDataFrame of the trees as points."""
        import geopandas

        known = {
            "height": [t.height for t in self.trees],
            "crown_diameter": [2 * t.radius for t in self.trees],
            "trunk_height": [t.trunk for t in self.trees],
        }
        x = [WEST + t.x for t in self.trees]
        y = [SOUTH + t.y for t in self.trees]
        return geopandas.GeoDataFrame(
            {**known, **columns}, geometry=geopandas.points_from_xy(x, y), crs=UTM32
        )

    def crown_areas(self) -> Any:
        """A GeoDataFrame of the crowns as areas with ``height``."""
        points = self.tree_points()
        radius = [t.radius for t in self.trees]
        return points[["height", "geometry"]].set_geometry(points.geometry.buffer(radius))
