"""``import solweig.xarray`` adds ``.solweig`` to Datasets and DataArrays.

::

    import solweig.xarray

    surface = dataset.solweig.prepare("cache")  # variables dsm, cdsm, dem, land_cover...
    summary = dataset.solweig.run(weather, outputs=["tmrt", "utci"])
    summary.dataset.solweig.plot("utci", surface=surface)

Not part of ``import solweig``, which does not load xarray.
"""

from __future__ import annotations

import xarray as xr

from solweig.run.accessor import DataArrayAccessor, DatasetAccessor

__all__ = ["DataArrayAccessor", "DatasetAccessor"]

xr.register_dataset_accessor("solweig")(DatasetAccessor)
xr.register_dataarray_accessor("solweig")(DataArrayAccessor)
