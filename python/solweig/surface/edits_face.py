"""A surface and its edits: the part of SurfaceData that makes one from another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from solweig.errors import MissingPrecomputedData

if TYPE_CHECKING:
    from solweig.surface.data import SurfaceData
    from solweig.surface.shadow_arrays import ShadowArrays


class SurfaceEdits:
    """Base of ``SurfaceData`` with what concerns edits."""

    shadow_matrices: ShadowArrays | None
    sky_reach: tuple[float, float | None] | None

    def with_changes(
        self,
        *,
        window: tuple[int, int, int, int] | None = None,
        dsm: Any = None,
        dem: Any = None,
        cdsm: Any = None,
        tdsm: Any = None,
        land_cover: Any = None,
        albedo: Any = None,
        emissivity: Any = None,
    ) -> SurfaceData:
        """This surface after an edit, computing only what the edit can reach.

        ``park = surface.with_changes(window=(400, 420, 300, 320), cdsm=8.0)`` plants trees 8 m high
        on 20 x 20 cells; ``calculate(park, ..., baseline=summary)`` then runs only what they reach.

        Parameters
        ----------
        window
            ``(row, end row, column, end column)`` of the edit; ``None`` = the whole raster, where
            the cells that differ are found.
        dsm, dem
            New elevations [m]: an array of the window's shape, a number, or a raster file, which is
            brought to the surface's grid; where the file has no cells the surface keeps its own.
        cdsm, tdsm
            New canopy top and underside above ground [m], likewise.
        land_cover, albedo, emissivity
            New codes and fractions.

        Returns
        -------
        SurfaceData
            With walls, sky view and visibility, bit for bit those of a full computation of the
            edited layers; ``change`` says what was computed. This surface stays as it is.

        Raises
        ------
        ConfigurationError
            A window off the raster, or no layer given.
        GridShapeMismatch, InvalidSurfaceData
            A layer of another shape, absurd values, or a layer that this surface does not have.
        MissingPrecomputedData
            This surface has no sky view factors, or it is not known how far they look.
        """
        from solweig.surface.changes import changed_surface

        edits = {
            "dsm": dsm, "dem": dem, "cdsm": cdsm, "tdsm": tdsm, "land_cover": land_cover,
            "albedo": albedo, "emissivity": emissivity,
        }  # fmt: skip
        return changed_surface(cast("SurfaceData", self), edits, window)

    def require_shadow_matrices(self) -> ShadowArrays:
        """Patch visibility. Raises MissingPrecomputedData before :meth:`compute_svf`."""
        if self.shadow_matrices is None:
            raise MissingPrecomputedData("shadow_matrices", "Call surface.compute_svf().")
        return self.shadow_matrices

    def require_sky_reach(self) -> tuple[float, float | None]:
        """How far and how high sky view factors look [m]. Raises MissingPrecomputedData if they
        were made elsewhere."""
        if self.sky_reach is None:
            raise MissingPrecomputedData(
                "sky_reach",
                "It is not known how far these sky view factors look; compute_svf() knows, or set "
                "surface.sky_reach = (max_shadow_distance_m, None).",
            )
        return self.sky_reach
