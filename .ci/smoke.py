"""Does what was installed work? A shadow from the extension, an hour on the CPU, the command.

    python smoke.py [--core] [VERSION]

``--core`` stops after the shadow, which needs numpy alone: not every dependency has wheels for
every platform. VERSION is what must be installed. CI, the workflows and the conda recipe call this
one file, on the package as users have it.
"""

import shutil
import subprocess
import sys
import sysconfig
from datetime import datetime

import numpy as np

import solweig
from solweig import _core

SIDE = 24
TOWER = slice(10, 14)


def cast_a_shadow(ground):
    """Sun in the south at 45 degrees: 10 m shade the nine cells north, the tenth is grazed."""
    lit = _core.Scene(ground, pixel_size=1.0).shadows(180.0, 45.0)["sh"]
    assert lit[1:10, 11].sum() == 0, lit[:, 11]
    assert lit[14:, 11].all(), lit[:, 11]


def map_an_hour(ground):
    """A summer noon: the sunny cell is hotter than the one behind the tower."""
    surface = solweig.SurfaceData(dsm=ground, pixel_size=1.0)
    cpu = solweig.ExecutionConfig(accelerator="cpu")
    surface.compute_svf(execution=cpu)
    noon = solweig.Weather(datetime(2025, 7, 1, 12), ta=25.0, rh=50.0, global_rad=800.0, ws=2.0)
    place = solweig.Location(latitude=48.0, longitude=15.0, altitude=200.0, utc_offset=1.0)
    run = solweig.calculate(surface, [noon], place, outputs=["tmrt", "utci"], execution=cpu)
    for name, gap in (("tmrt", 15.0), ("utci", 3.0)):
        hour = run.dataset[name].values[0]
        sun, shade = hour[18, 11], hour[8, 11]
        assert 10.0 < shade < sun - gap < sun < 80.0, (name, sun, shade)


def ask_the_command():
    """The command of this environment says the version of this package."""
    command = shutil.which("solweig", path=sysconfig.get_path("scripts"))
    assert command is not None, "no command solweig"
    said = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["solweig", solweig.__version__], said


def main(arguments):
    """Do it; an assertion says what failed."""
    core = "--core" in arguments
    wanted = [word for word in arguments if word != "--core"]
    assert wanted in ([], [solweig.__version__]), (wanted, solweig.__version__)
    ground = np.zeros((SIDE, SIDE), np.float32)
    ground[TOWER, TOWER] = 10.0
    cast_a_shadow(ground)
    if not core:
        map_an_hour(ground)
        ask_the_command()
    print("solweig", solweig.__version__, "works from", solweig.__file__)


if __name__ == "__main__":
    main(sys.argv[1:])
