"""A Dataset that holds the layers of a surface by their names."""

from __future__ import annotations

import logging
from typing import Any

from solweig.errors import InvalidSurfaceData

__all__ = ["is_dataset", "layers_of"]

log = logging.getLogger(__name__)


def is_dataset(value: Any) -> bool:
    """Whether a value is an :class:`xarray.Dataset`."""
    return hasattr(value, "data_vars") and hasattr(value, "coords")


def layers_of(dataset: Any, known: tuple[str, ...]) -> dict[str, Any]:
    """The layers among the variables of a Dataset, as DataArrays that know their grid.

    Parameters
    ----------
    dataset
        Variables named as layers, in upper or lower case; others are left, with a word in the log.
    known
        Names of layers.

    Returns
    -------
    dict[str, Any]
        DataArrays by name of the layer.

    Raises
    ------
    InvalidSurfaceData
        It has no ``dsm``, or a layer twice.
    """
    found: dict[str, Any] = {}
    others = []
    for variable in dataset.data_vars:
        name = str(variable).casefold()
        if name not in known:
            if dataset[variable].ndim >= 2:
                others.append(str(variable))
            continue
        if name in found:
            raise InvalidSurfaceData(
                name, "one variable of the Dataset", f"two, {found[name].name} and {variable}",
                "Leave one out: dataset.drop_vars(...).",
            )  # fmt: skip
        found[name] = _placed(dataset, variable)
    if "dsm" not in found:
        named = ", ".join(str(v) for v in dataset.data_vars) or "none"
        raise InvalidSurfaceData(
            "dsm", "a variable dsm in the Dataset", named,
            f"Rename them: dataset.rename(...). Layers are {', '.join(known)}.",
        )  # fmt: skip
    if others:
        log.warning("dataset: %s not used; layers are %s", ", ".join(others), ", ".join(known))
    return found


def _placed(dataset: Any, variable: Any) -> Any:
    """A variable with what the Dataset says of its place."""
    array = dataset[variable]
    # Opened without decode_coords="all", the grid mapping is a variable like any other.
    mapping = array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping")
    wanted = str(mapping).split(":")[0].split()[0] if mapping else "spatial_ref"
    if wanted not in array.coords and wanted in dataset.data_vars:
        array = array.assign_coords({wanted: dataset[wanted]})
    if dataset.attrs.get("crs") and "crs" not in array.attrs:
        array = array.assign_attrs(crs=dataset.attrs["crs"])
    return array
