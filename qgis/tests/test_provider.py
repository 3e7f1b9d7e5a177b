"""The provider in the real QGIS: what it runs, loads, shows, and how it stops."""

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDateTimeRange,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime
from solweig_provider import child

from conftest import DEMO, ROOT, SAMPLES

ALGORITHMS = ("build", "compare", "plan", "prepare", "route", "run")
STEPS = 24


class Feedback(QgsProcessingFeedback):
    """Remembers what was said; cancels where it is told to."""

    def __init__(self, cancel_at=None):
        super().__init__()
        self.shares, self.texts, self.cancel_at = [], [], cancel_at
        self.progressChanged.connect(self.hear)

    def hear(self, share):
        self.shares.append(share)
        if self.cancel_at is not None and share >= self.cancel_at:
            self.cancel()

    def pushInfo(self, text):
        self.texts.append(text)

    def pushCommandInfo(self, text):
        self.texts.append(text)

    def pushWarning(self, text):
        self.texts.append(f"warning: {text}")

    def setProgressText(self, text):
        self.texts.append(text)


def run(name, values, feedback=None):
    """Run an algorithm; its outputs."""
    return processing.run(f"solweig:{name}", values, feedback=feedback or Feedback())


def program(folder, body):
    """A command that is not the package."""
    path = folder / "solweig"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture(scope="module")
def finished(qgis, command, tmp_path_factory):
    """A folder with a run of tmrt and utci."""
    out = tmp_path_factory.mktemp("run") / "square"
    values = {
        "DSM": str(DEMO / "dsm.tif"), "WEATHER": str(DEMO / "weather.txt"), "UTC_OFFSET": 1,
        "STAMP": "start", "FILL": "ws=1.5,pressure=1013", "ACCELERATOR": "cpu",
        "COMMAND": command, "OUTPUT": str(out),
    }  # fmt: skip
    run("run", values)
    return out


# ---------------------------------------------------------------- what there is


def test_every_algorithm_is_there_and_says_what_it_does(qgis):
    provider = QgsApplication.processingRegistry().providerById("solweig")
    assert sorted(a.name() for a in provider.algorithms()) == sorted(ALGORITHMS)
    assert not provider.icon().isNull()
    for algorithm in provider.algorithms():
        assert algorithm.shortHelpString()
        assert algorithm.createInstance().name() == algorithm.name()
        names = [p.name() for p in algorithm.parameterDefinitions()]
        assert {"COMMAND", "MORE"} <= set(names)


def test_flags_of_rasters_are_those_of_the_command(qgis, command):
    from solweig_provider.algorithms.build import BuildInputs
    from solweig_provider.algorithms.plan import PlanRun
    from solweig_provider.algorithms.run import RunModel

    for kind in (BuildInputs, PlanRun, RunModel):
        told = subprocess.run(
            [command, kind.NAME, "--help"], capture_output=True, text=True, check=True,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        )  # fmt: skip
        text = re.sub(r"\x1b\[[0-9;]*m", "", told.stdout)
        for _, flag, _ in kind.RASTERS:
            assert f"--{flag} " in text, (kind.NAME, flag)


# ---------------------------------------------------------------- a run and its layers


def test_a_run_is_loaded_with_styles_times_and_groups(project, site, tmp_path):
    feedback = Feedback()
    out = tmp_path / "square"
    done = processing.runAndLoadResults(
        "solweig:run", {**site, "OUTPUT": str(out), "OUTPUTS": ["tmrt", "utci"]}, feedback=feedback
    )
    assert done["STEPS"] == STEPS
    assert Path(done["TMRT_MEAN"]) == out / "summary" / "tmrt_mean.tif"
    during = feedback.shares[: feedback.shares.index(100.0) + 1]
    assert during == sorted(during)
    assert {"Preparing the surface", "Running the steps"} <= set(feedback.texts)

    root = project.layerTreeRoot()
    groups = {group.name(): group for group in root.findGroups()}
    names = [
        "SOLWEIG square: Tmrt by step", "SOLWEIG square: UTCI by step", "SOLWEIG square: summary",
    ]  # fmt: skip
    assert list(groups) == names
    assert [group.itemVisibilityChecked() for group in groups.values()] == [True, False, False]
    assert [len(groups[name].findLayers()) for name in names[:2]] == [STEPS, STEPS]
    maps = [path for path in out.rglob("*.tif") if path.name != "open_ground.tif"]
    assert len(project.mapLayers()) == len(root.findLayers()) == len(maps)

    for layer in project.mapLayers().values():
        assert layer.renderer().type() == "singlebandpseudocolor", layer.name()
    (noon,) = project.mapLayersByName("UTCI 2006-08-01 12:00")
    legend = [i.label for i in noon.renderer().shader().rasterShaderFunction().colorRampItemList()]
    assert "strong heat, 32 to 38 °C" in legend

    settings = project.timeSettings()
    assert settings.timeStep() == 1.0
    begin, end = settings.temporalRange().begin(), settings.temporalRange().end()
    assert begin.timeSpec() == Qt.TimeSpec.UTC
    assert begin.toString("yyyy-MM-dd HH:mm") == "2006-08-01 00:00"
    assert end.toString("yyyy-MM-dd HH:mm") == "2006-08-02 00:00"
    for hour in range(STEPS):
        start = QDateTime(QDate(2006, 8, 1), QTime(hour, 0), Qt.TimeSpec.UTC)
        frame = QgsDateTimeRange(start, start.addSecs(3600), True, False)
        shown = [
            layer.name()
            for layer in project.mapLayers().values()
            if layer.temporalProperties().isActive()
            and layer.temporalProperties().isVisibleInTemporalRange(frame)
        ]
        assert sorted(shown) == [f"Tmrt 2006-08-01 {hour:02}:00", f"UTCI 2006-08-01 {hour:02}:00"]


def test_a_project_keeps_the_times(project, finished, tmp_path):
    from solweig_provider.layers import entries_of_run, load

    files = [
        {"path": str(finished / "tmrt" / "tmrt_20060801_1400.tif"), "kind": "step", "name": "tmrt",
         "begin": "2006-08-01T14:00:00Z", "end": "2006-08-01T15:00:00Z"}
    ]  # fmt: skip
    context = QgsProcessingContext()
    context.setProject(project)
    load(entries_of_run(files, "square", True), context)
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("solweig:run")
    assert handleAlgorithmResults(algorithm, context, Feedback())
    assert project.write(str(tmp_path / "map.qgz"))
    project.clear()
    assert project.read(str(tmp_path / "map.qgz"))
    (layer,) = project.mapLayers().values()
    span = layer.temporalProperties().fixedTemporalRange()
    assert span.begin().toUTC().toString("HH:mm:ss") == "14:00:01"
    assert span.end().toUTC().toString("HH:mm:ss") == "14:59:59"


@pytest.mark.parametrize(
    "name", ["tmrt/tmrt_20060801_1400", "utci/utci_20060801_1400", "summary/sun_hours"]
)
def test_qgis_takes_the_style_beside_a_raster_by_itself(qgis, finished, name):
    layer = QgsRasterLayer(str(finished / f"{name}.tif"), "map")
    assert layer.renderer().type() == "singlebandpseudocolor"
    timed = not name.startswith("summary")
    message, good = layer.loadNamedStyle(layer.styleURI())
    assert good, message
    assert layer.temporalProperties().isActive() == timed


def test_a_bound_is_drawn_as_the_class_above(qgis, finished):
    layer = QgsRasterLayer(str(finished / "utci" / "utci_20060801_1400.tif"), "map")
    shader = layer.renderer().shader().rasterShaderFunction()
    for bound in (9.0, 26.0, 32.0, 38.0, 46.0):
        at, below, above = (shader.shade(bound + d) for d in (0.0, -0.001, 0.001))
        assert at == above != below


# ---------------------------------------------------------------- parameters


def test_layers_of_the_project_a_part_and_points_in_memory(project, site, tmp_path):
    dsm = QgsRasterLayer(site["DSM"], "dsm")
    points = QgsVectorLayer("Point?crs=EPSG:3006&field=name:string", "stations", "memory")
    middle = dsm.extent().center()
    feature = QgsFeature(points.fields())
    feature.setAttribute("name", "square")
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(middle)))
    points.dataProvider().addFeature(feature)
    project.addMapLayers([dsm, points])
    box = dsm.extent().scaled(0.5)
    values = {
        **site, "DSM": dsm.id(), "POINTS": points.id(), "OUTPUT": str(tmp_path / "part"),
        "EXTENT": QgsReferencedRectangle(box, dsm.crs()), "LOAD_STEPS": False,
        "START": "2006-08-01T13:00", "END": "2006-08-01T14:00",
    }  # fmt: skip
    done = run("run", values)
    assert done["STEPS"] == 2
    part = QgsRasterLayer(done["UTCI_MAX"], "part")
    assert part.width() < 0.6 * dsm.width()
    table = (tmp_path / "part" / "pois.csv").read_text().splitlines()
    assert len(table) == 3
    assert table[1].startswith("square,")


def test_a_layer_that_is_no_file_is_refused(project, site, tmp_path):
    layer = QgsRasterLayer("type=xyz&url=https://example.org/{z}/{x}/{y}.png", "tiles", "wms")
    project.addMapLayer(layer)
    with pytest.raises(QgsProcessingException, match="raster file on this machine"):
        run("run", {**site, "DSM": layer.id(), "OUTPUT": str(tmp_path / "x")})


def test_an_error_of_the_package_is_the_error_of_the_algorithm(qgis, site, tmp_path):
    with pytest.raises(QgsProcessingException, match="--hours: expected"):
        run("run", {**site, "OUTPUT": str(tmp_path / "x"), "MORE": "--hours 99"})
    assert not list(tmp_path.rglob("*.tif"))


def test_the_other_algorithms(qgis, site, finished, command, tmp_path):
    plan = run("plan", {"DSM": site["DSM"], "STEPS": 5, "ACCELERATOR": "cpu", "COMMAND": command})
    assert plan["PLAN"].startswith("raster       104 x 116 cells")
    cache = run(
        "prepare", {"DSM": site["DSM"], "CACHE": str(tmp_path / "cache"), "COMMAND": command}
    )
    assert any(Path(cache["CACHE"]).iterdir())
    values = {"A": str(finished), "B": str(finished), "OUTPUT": str(tmp_path / "d"), "STEPS": True}
    compared = run("compare", {**values, "COMMAND": command})
    assert (Path(compared["OUTPUT"]) / "difference" / "tmrt_mean.qml").is_file()
    built = run(
        "build",
        {"LIDAR": [str(SAMPLES / "square.laz")], "FOOTPRINTS": str(SAMPLES / "buildings.geojson"),
         "LAND_COVER": str(SAMPLES / "worldcover.tif"), "CRS": "EPSG:3006", "PIXEL_SIZE": 4,
         "OUTPUT": str(tmp_path / "built"), "COMMAND": command},
    )  # fmt: skip
    assert QgsRasterLayer(built["OUT_DSM"], "dsm").rasterUnitsPerPixelX() == 4.0


def test_a_surface_is_built_without_lidar(qgis, command, tmp_path):
    built = run(
        "build",
        {"DEM": str(SAMPLES / "ground.tif"), "FOOTPRINTS": str(SAMPLES / "buildings.geojson"),
         "PIXEL_SIZE": 4, "OUTPUT": str(tmp_path / "built"), "COMMAND": command},
    )  # fmt: skip
    assert QgsRasterLayer(built["OUT_DSM"], "dsm").isValid()


def test_summaries_alone(project, site, tmp_path):
    values = {**site, "OUTPUTS": [], "OUTPUT": str(tmp_path / "alone")}
    found = processing.runAndLoadResults("solweig:run", values)
    assert Path(found["TMRT_MEAN"]).is_file()
    assert not (tmp_path / "alone" / "tmrt").exists()
    names = {layer.name() for layer in project.mapLayers().values()}
    assert "Tmrt mean" in names


def test_options_that_cannot_be_read_are_told(qgis, site, tmp_path):
    values = {**site, "OUTPUT": str(tmp_path / "x"), "MORE": "--note 'half"}
    with pytest.raises(QgsProcessingException, match="More options: expected options"):
        run("run", values)


def test_ways_are_walked_loaded_and_coloured_as_the_maps(project, finished, command, tmp_path):
    from solweig_provider.lines import to_the_top

    dsm = QgsRasterLayer(str(DEMO / "dsm.tif"), "dsm")
    box, crs = dsm.extent(), dsm.crs().authid()
    lines = QgsVectorLayer(f"LineString?crs={crs}&field=name:string", "ways", "memory")
    for name, height in (("north", 0.8), ("south", 0.2)):
        y = box.yMinimum() + height * box.height()
        way = QgsFeature(lines.fields())
        way.setAttribute("name", name)
        ends = [QgsPointXY(box.xMinimum() + s * box.width(), y) for s in (0.1, 0.9)]
        way.setGeometry(QgsGeometry.fromPolylineXY(ends))
        lines.dataProvider().addFeature(way)
    project.addMapLayer(lines)
    hidden = project.layerTreeRoot().addGroup("others")
    hidden.setItemVisibilityChecked(False)
    feedback = Feedback()
    values = {
        "RUN": str(finished), "LINES": lines, "DEPART": "08:00..20:00", "EVERY": 120.0,
        "THRESHOLD": "26", "OUTPUT": str(tmp_path / "ways"), "COMMAND": command,
    }  # fmt: skip
    found = processing.runAndLoadResults("solweig:route", values, feedback=feedback)
    assert re.fullmatch(r"north: 2006-08-01 [\d:]+; south: 2006-08-01 [\d:]+", found["BEST"])
    table = Path(found["TABLE"]).read_text().splitlines()
    assert len(table) == 1 + 2 * 7
    (layer,) = [m for m in project.mapLayers().values() if "along the way" in m.name()]
    assert layer.name() == "ways: UTCI along the way"
    hidden.insertChildNode(0, project.layerTreeRoot().findLayer(layer).clone())
    project.layerTreeRoot().removeChildNode(project.layerTreeRoot().children()[0])
    to_the_top(layer.id())
    top = project.layerTreeRoot().children()[0]
    assert top.layerId() == layer.id()
    assert top.isVisible()
    assert not hidden.children()
    assert layer.crs() == dsm.crs()
    assert {f["way"] for f in layer.getFeatures()} == {"north", "south"}
    renderer = layer.renderer()
    assert renderer.classAttribute() == "utci"
    known = [f["utci"] for f in layer.getFeatures() if f["state"] == "open ground"]
    assert known
    assert all(renderer.rangeForValue(value) is not None for value in known)
    expected = QgsRasterLayer(str(finished / "summary" / "utci_mean.tif"), "utci")
    shown = {r.label(): r.symbol().color().name() for r in renderer.ranges()}
    legend = expected.renderer().shader().rasterShaderFunction().colorRampItemList()
    assert shown == {item.label: item.color.name() for item in legend}


def test_what_is_no_way_is_told(qgis, finished, command, tmp_path):
    far = QgsVectorLayer("LineString?crs=EPSG:4326", "far", "memory")
    way = QgsFeature()
    way.setGeometry(QgsGeometry.fromPolylineXY([QgsPointXY(0, 0), QgsPointXY(0.01, 0)]))
    far.dataProvider().addFeature(way)
    values = {"RUN": str(finished), "LINES": far, "OUTPUT": str(tmp_path / "ways")}
    with pytest.raises(QgsProcessingException, match="a line on the map"):
        run("route", {**values, "COMMAND": command})
    assert not (tmp_path / "ways" / "route.gpkg").exists()


def test_a_way_of_a_gpx_file(qgis, finished, command, tmp_path):
    values = {
        "RUN": str(finished), "LINES": f"{SAMPLES / 'way.gpx'}|layername=tracks",
        "DEPART": "12:00", "OUTPUT": str(tmp_path / "ways"), "COMMAND": command,
    }  # fmt: skip
    assert run("route", values)["BEST"] == "Over the square: 2006-08-01 12:00:00"


def test_an_extent_without_a_crs_of_the_grid_is_refused(qgis, command, tmp_path):
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("solweig:build")
    box = QgsReferencedRectangle(
        QgsRectangle(0, 0, 1, 1), QgsCoordinateReferenceSystem("EPSG:4326")
    )
    values = {"EXTENT": box, "OUTPUT": str(tmp_path / "x"), "COMMAND": command}
    good, text = algorithm.checkParameterValues(values, QgsProcessingContext())
    assert not good
    assert "CRS" in text


# ---------------------------------------------------------------- a process of its own


def test_cancel_stops_the_process_and_leaves_whole_files(qgis, site, tmp_path):
    lines = (DEMO / "weather.txt").read_text().splitlines()
    days = [
        re.sub(r"^2006 213 ", f"2006 {d} ", line) for d in range(150, 250) for line in lines[1:]
    ]
    weather = tmp_path / "long.txt"
    weather.write_text("\n".join([lines[0], *days]) + "\n")
    out = tmp_path / "out"
    feedback = Feedback(cancel_at=52.0)
    done = run("run", {**site, "WEATHER": str(weather), "OUTPUT": str(out)}, feedback)
    assert done == {}
    assert json.loads((out / "run_metadata.json").read_text())["status"] == "interrupted"
    assert not list(out.rglob("*partial*"))
    assert max(feedback.shares) < 90.0


def test_the_child_does_not_see_what_qgis_sets_for_itself(qgis, site, tmp_path, monkeypatch):
    for name in child._FOREIGN:
        monkeypatch.setenv(name, "/nowhere")
    told = program(tmp_path, "env >&2; echo '{\"plan\": []}'")
    feedback = Feedback()
    run("plan", {"DSM": site["DSM"], "COMMAND": told}, feedback)
    seen = {line.partition("=")[0] for line in feedback.texts}
    assert "PATH" in seen
    assert not seen & set(child._FOREIGN)
    assert seen >= set(child._OWN_SETTINGS)
    # And the package works there, which with this PROJ_DATA it would not.
    assert run("plan", {"DSM": site["DSM"], "COMMAND": site["COMMAND"]})["PLAN"]


def test_a_missing_package_is_told_with_the_line_that_installs_it(
    qgis, site, tmp_path, monkeypatch
):
    monkeypatch.setattr(child, "_OWN", str(tmp_path / "none"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(child, "SETTING", "solweig/none")
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("solweig:plan")
    good, text = algorithm.checkParameterValues({"DSM": site["DSM"]}, QgsProcessingContext())
    assert not good
    assert child.INSTALL in text
    values = {"DSM": site["DSM"], "COMMAND": str(tmp_path / "nothing")}
    assert not algorithm.checkParameterValues(values, QgsProcessingContext())[0]


def test_another_package_of_that_name_is_told_apart(qgis, site, tmp_path):
    other = program(tmp_path, "echo 'No such option: --progress' >&2; exit 2")
    with pytest.raises(QgsProcessingException, match="another or an older package"):
        run("plan", {"DSM": site["DSM"], "COMMAND": other})
    silent = program(tmp_path, "exit 0")
    with pytest.raises(QgsProcessingException):
        run("plan", {"DSM": site["DSM"], "COMMAND": silent})


def test_the_command_is_kept_for_the_next_time(qgis, site):
    assert run("plan", {"DSM": site["DSM"], "COMMAND": site["COMMAND"]})["PLAN"]
    assert run("plan", {"DSM": site["DSM"]})["PLAN"]
    assert child.find_command() == site["COMMAND"]


# ---------------------------------------------------------------- qgis_process


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """qgis_process with the plugin straight from the sources."""
    # Debian's wrapper hands it a flag that it does not know.
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    assert program, "qgis_process is not installed"
    environment = {
        **os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path_factory.mktemp("shell")),
        "QGIS_PLUGINPATH": str(ROOT / "qgis"), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip

    def call(*arguments):
        return subprocess.run(
            [program, *arguments], capture_output=True, text=True, env=environment, timeout=120
        )

    enabled = call("plugins", "enable", "solweig_provider")
    assert enabled.returncode == 0, enabled.stdout + enabled.stderr
    return call


def test_qgis_process_lists_and_runs_it(shell, command, tmp_path):
    listed = shell("list").stdout
    for name in ALGORITHMS:
        assert f"solweig:{name}" in listed
    values = [
        f"DSM={DEMO / 'dsm.tif'}", f"WEATHER={DEMO / 'weather.txt'}", "UTC_OFFSET=1",
        "START=2006-08-01T13:00", f"OUTPUT={tmp_path / 'out'}",
        f"COMMAND={command}", "ACCELERATOR=cpu",
    ]  # fmt: skip
    done = shell("--json", "run", "solweig:run", "--", *values)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert Path(results["UTCI_MEAN"]).is_file()
    again = shell("run", "solweig:run", "--", *values, "MORE=--sky isotropic")
    assert again.returncode == 1
    assert "overwrite" in again.stdout + again.stderr
