"""QGIS without a window, with the provider in it. Run by .ci/qgis with the Python of QGIS."""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # without a display it would abort
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())

import pytest
from qgis.core import QgsApplication, QgsProject

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "python" / "solweig" / "data" / "demo"
SAMPLES = ROOT / "docs" / "samples"
sys.path[:0] = [
    str(ROOT / "qgis"),
    *(p for p in ("/usr/share/qgis/python/plugins",) if Path(p).is_dir()),
]


@pytest.fixture(scope="session")
def command():
    """The installed package: a missing one is an error, not a skipped test."""
    path = os.environ["SOLWEIG_COMMAND"]
    assert Path(path).is_file(), path
    return path


@pytest.fixture(scope="session")
def qgis(tmp_path_factory):
    """Processing with the provider."""
    os.environ["QGIS_CUSTOM_CONFIG_PATH"] = str(tmp_path_factory.mktemp("profile"))
    application = QgsApplication([], False)
    application.initQgis()
    from processing.core.Processing import Processing
    from solweig_provider import classFactory

    Processing.initialize()
    plugin = classFactory(None)
    plugin.initProcessing()
    yield application
    QgsProject.instance().clear()  # else leaving ends in a segmentation fault
    plugin.unload()


@pytest.fixture
def project(qgis):
    """An empty project."""
    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture
def site(command):
    """Parameters of a run on the bundled site."""
    return {
        "DSM": str(DEMO / "dsm.tif"), "DEM": str(DEMO / "dem.tif"), "CDSM": str(DEMO / "cdsm.tif"),
        "LAND_COVER": str(DEMO / "land_cover.tif"), "WEATHER": str(DEMO / "weather.txt"),
        "UTC_OFFSET": 1, "STAMP": "start", "FILL": "ws=1.5,pressure=1013", "ACCELERATOR": "cpu",
        "COMMAND": command,
    }  # fmt: skip
