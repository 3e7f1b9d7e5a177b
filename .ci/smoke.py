"""Does an installed wheel work? Imports the package and casts one shadow with the extension."""

import numpy as np

import solweig
from solweig import _core

ground = np.zeros((24, 24), np.float32)
ground[10:14, 10:14] = 10.0
scene = _core.Scene(ground, pixel_size=1.0)
lit = scene.shadows(180.0, 45.0)["sh"]
# Sun in the south at 45 degrees: a 10 m tower shades the nine cells north of it (the tenth is
# grazed), of which the raster holds all.
assert lit[1:10, 11].sum() == 0, lit[:, 11]
assert lit[14:, 11].all(), lit[:, 11]
print("solweig", solweig.__version__, "works from", solweig.__file__)
