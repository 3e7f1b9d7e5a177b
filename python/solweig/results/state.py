"""Thermal state carried from one time step to the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path
from solweig.errors import ConfigurationError
from solweig.rasters.archives import DamagedFile, damage_told, open_archive

if TYPE_CHECKING:
    from solweig._core import State

__all__ = ["ThermalState"]


_REFERENCE_NAMES = {
    "tgmap1": "lup",
    "tgmap1_e": "lup_e",
    "tgmap1_s": "lup_s",
    "tgmap1_w": "lup_w",
    "tgmap1_n": "lup_n",
    "tgout1": "tg",
}
_EARLIER_NAMES = (*_REFERENCE_NAMES, "firstdaytime", "timeadd", "timestep_dec")
_LIMITS = {"tg": (-150.0, 150.0)}
_LONGWAVE = (0.0, 5000.0)
"""What stored rasters may hold: degrees [deg C], and longwave [W m-2]."""


class ThermalState:
    """What the ground remembers: delayed upward longwave and ground temperature rasters (R 6.5).

    ``summary.state`` holds it after the last step; ``calculate(..., state=summary.state)`` goes on
    from there, so a period cut in two gives what it gives in one piece. The state of a run is never
    changed by a later run that starts from it.

    Parameters
    ----------
    first
        No daytime step has been seen since the last night or the start.
    accumulated_days
        Time since the delayed rasters were last renewed [d].
    fields
        Float32 rasters ``[row, col]``: ``lup``, ``lup_e``, ``lup_s``, ``lup_w``, ``lup_n`` [W m-2]
        and ``tg`` [deg C]; empty before the first daytime step, or the first step of all where the
        ground remembers by night (``formulation="improved"``).
    walls
        Temperatures of walls [deg C], where a run computes them: ``standard`` of every aspect and
        ``pieces`` by height, ``[piece, depth]`` each.
    **named
        The same by the reference's names: ``tgmap1``, ``tgmap1_e``, ``tgmap1_s``, ``tgmap1_w``,
        ``tgmap1_n``, ``tgout1``, ``firstdaytime``, ``timeadd``; and ``timestep_dec``.

    Attributes
    ----------
    timestep_dec
        Length of a step [d], for scripts that keep it here; runs take it from the weather.

    Raises
    ------
    TypeError
        Another name.
    """

    def __init__(
        self,
        first: bool = True,
        accumulated_days: float = 0.0,
        fields: dict[str, NDArray[np.float32]] | None = None,
        walls: dict[str, NDArray[np.float64]] | None = None,
        **named: Any,
    ) -> None:
        self.timestep_dec = 0.0
        self._initial_shape: tuple[int, int] | None = None
        self.first = bool(first)
        self.accumulated_days = float(accumulated_days)
        # Mapped rasters are of a city too large to copy, and nothing writes into them.
        self.fields = {
            name: grid if isinstance(grid, np.memmap) else np.array(grid, np.float32)
            for name, grid in (fields or {}).items()
        }
        self.walls = {name: np.array(t, np.float64) for name, t in (walls or {}).items()}
        for name, value in named.items():
            if name not in _EARLIER_NAMES:
                raise TypeError(f"ThermalState() got an unexpected keyword argument {name!r}")
            setattr(self, name, value)

    @property
    def shape(self) -> tuple[int, int] | None:
        """Rows and columns, None while nothing is remembered."""
        grid = next(iter(self.fields.values()), None)
        return self._initial_shape if grid is None else (grid.shape[0], grid.shape[1])

    @classmethod
    def initial(cls, shape: tuple[int, int]) -> ThermalState:
        """The state before the first step of a run: nothing remembered.

        Parameters
        ----------
        shape
            Rows and columns of the run.

        Returns
        -------
        ThermalState
            Its rasters read as zeros, which cannot be written into: set them whole, as in
            ``state.tgmap1 = grid``.
        """
        state = cls()
        state._initial_shape = (int(shape[0]), int(shape[1]))
        return state

    def __getattr__(self, name: str) -> NDArray[np.float32]:
        """The rasters by the reference's names: ``tgmap1``, ``tgmap1_e``..., ``tgout1``."""
        field = _REFERENCE_NAMES.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if field in self.fields:
            return self.fields[field]
        nothing = np.zeros(self._initial_shape or (0, 0), np.float32)
        nothing.flags.writeable = False  # what is written into it would be lost without a word
        return nothing

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _REFERENCE_NAMES:
            self.fields[_REFERENCE_NAMES[name]] = np.array(value, np.float32)
        else:
            object.__setattr__(self, name, value)

    @property
    def firstdaytime(self) -> float:
        """1 before the first daytime step of a day, then 0; the reference's name of ``first``."""
        return float(self.first)

    @firstdaytime.setter
    def firstdaytime(self, value: float) -> None:
        self.first = bool(value)

    @property
    def timeadd(self) -> float:
        """Time since the delayed rasters were last renewed [d]; the reference's name."""
        return self.accumulated_days

    @timeadd.setter
    def timeadd(self, value: float) -> None:
        self.accumulated_days = float(value)

    def copy(self) -> ThermalState:
        """A twin with rasters of its own.

        Returns
        -------
        ThermalState
            Mapped rasters, which nothing writes into, are shared.
        """
        twin = ThermalState(self.first, self.accumulated_days, self.fields, self.walls)
        twin._initial_shape = self._initial_shape
        twin.timestep_dec = self.timestep_dec
        return twin

    @classmethod
    def from_engine(cls, state: State) -> ThermalState:
        """What the engine carried.

        Parameters
        ----------
        state
            The engine's; it stays as it is.

        Returns
        -------
        ThermalState
            With rasters of its own.
        """
        return cls(state.first, state.accumulated_days, state.fields())

    def to_engine(self) -> State:
        """What a run starts from.

        Returns
        -------
        solweig._core.State
            A copy, which the run may change.
        """
        from solweig._core import State

        return State.restore(self.first, self.accumulated_days, self.fields)

    def save(self, path: str | Path) -> Path:
        """Write as ``.npz``; the file appears complete or not at all.

        Parameters
        ----------
        path
            Where to; the folder is made if need be, another suffix replaced.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        target = Path(path).with_suffix(".npz")
        target.parent.mkdir(parents=True, exist_ok=True)
        # A plain dict: numpy's stubs would take a grid's name for one of savez's own arguments.
        arrays: dict[str, Any] = {f"field_{name}": grid for name, grid in self.fields.items()}
        arrays |= {f"walls_{name}": values for name, values in self.walls.items()}
        with atomic_path(target) as partial:
            np.savez_compressed(
                partial, first=self.first, accumulated_days=self.accumulated_days, **arrays
            )
        return target

    @classmethod
    def load(cls, path: str | Path) -> ThermalState:
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        ThermalState
            In memory.

        Raises
        ------
        FileNotFoundError
            No such file.
        ConfigurationError
            The file is not a saved state.
        """
        source = Path(path)
        if not source.exists():
            raise FileNotFoundError(f"thermal state: no file {source}")
        try:
            with open_archive(source) as stored:
                names = [name.removesuffix(".npy") for name in stored.names]
                fields = {
                    name.removeprefix("field_"): stored.array(name)
                    for name in names
                    if name.startswith("field_")
                }
                walls = {
                    name.removeprefix("walls_"): stored.array(name)
                    for name in names
                    if name.startswith("walls_")
                }
                first, days = stored.array("first"), stored.array("accumulated_days")
            with damage_told():
                _check_stored(first, days, fields)
                _check_walls(walls)
                return cls(bool(first), float(days), fields, walls)
        except DamagedFile as error:
            raise ConfigurationError(
                "thermal state", "a file written by ThermalState.save", f"{source} ({error})"
            ) from error

    def __repr__(self) -> str:
        return (
            f"ThermalState(first={self.first}, accumulated_days={self.accumulated_days:g}, "
            f"shape={self.shape})"
        )


def _check_walls(walls: dict[str, NDArray[Any]]) -> None:
    """Raise DamagedFile for temperatures that no walls can have."""
    for name, values in walls.items():
        if name not in ("standard", "pieces") or values.ndim != 2 or values.dtype != np.float64:
            raise DamagedFile(f"walls_{name[:20]} is no table of temperatures")
        low, high = _LIMITS["tg"]
        if not np.all((values >= low) & (values <= high)):
            raise DamagedFile(f"walls_{name} holds values beyond {low:g} to {high:g}")


def _check_stored(first: Any, days: Any, fields: dict[str, NDArray[Any]]) -> None:
    """Raise DamagedFile for what no run can have saved."""
    if first.shape or days.shape or not 0.0 <= float(days) < np.inf:
        raise DamagedFile("its clock is none")
    if not fields:
        if not first:
            raise DamagedFile("no rasters")
        return
    names = sorted(_REFERENCE_NAMES.values())
    if sorted(fields) != names:
        raise DamagedFile(f"rasters {', '.join(sorted(fields))[:80]} instead of {', '.join(names)}")
    shapes = {grid.shape for grid in fields.values()}
    if len(shapes) > 1 or any(len(shape) != 2 or 0 in shape for shape in shapes):
        raise DamagedFile("rasters of several shapes, or not 2-D")
    for name, grid in fields.items():
        low, high = _LIMITS.get(name, _LONGWAVE)
        outside = grid[~np.isnan(grid) & ~((grid >= low) & (grid <= high))]
        if grid.dtype != np.float32 or outside.size:
            raise DamagedFile(f"{name} holds {grid.dtype} values, some beyond {low:g} to {high:g}")
