"""Results in the project: styles, legends, groups, and times for the temporal controller."""

from __future__ import annotations

import datetime as dt
import os
from collections import namedtuple

from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsInterval,
    QgsProcessingContext,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QDateTime, Qt, QTimer

TITLES = {
    "tmrt": "Tmrt",
    "utci": "UTCI",
    "pet": "PET",
    "wbgt": "WBGT",
    "tnw": "Natural wet bulb",
    "globe150": "Globe 150 mm",
    "globe38": "Globe 38 mm",
    "at": "Apparent temperature",
    "set": "SET*",
    "shadow": "Sunlit",
    "kdown": "Kdown",
    "kup": "Kup",
    "ldown": "Ldown",
    "lup": "Lup",
}

if hasattr(Qgis, "TemporalUnit"):
    HOURS, MINUTES = Qgis.TemporalUnit.Hours, Qgis.TemporalUnit.Minutes
else:  # before 3.30
    HOURS = QgsUnitTypes.TemporalUnit.TemporalHours
    MINUTES = QgsUnitTypes.TemporalUnit.TemporalMinutes

Entry = namedtuple("Entry", "path title group begin end visible")
"""A raster to load; begin and end are None where it stands for no single time."""


def entries_of_run(files, name, steps):
    """Summaries and, as far as wanted, steps of a run, from the list that the package gives."""
    found = []
    first = next((f["name"] for f in files if f["kind"] == "step"), None) if steps else None
    if steps:
        for each in files:
            if each["kind"] == "step":
                begin, end = _time(each["begin"]), _time(each["end"])
                title = TITLES.get(each["name"], each["name"])
                found.append(
                    Entry(
                        each["path"],
                        f"{title} {begin:%Y-%m-%d %H:%M}",
                        f"{name}: {title} by step",
                        begin,
                        end,
                        each["name"] == first,
                    )
                )
    for each in files:
        if each["kind"] == "summary":
            quantity, _, rest = each["name"].partition("_")
            title = f"{TITLES.get(quantity, quantity)} {rest.replace('_', ' ')}".strip()
            shown = first is None and each["name"] == "tmrt_mean"
            found.append(Entry(each["path"], title, f"{name}: summary", None, None, shown))
    return found


def load(entries, context, outputs=()):
    """Ask QGIS to load rasters when the algorithm has ended.

    ``outputs`` maps paths to names of the algorithm's outputs.
    """
    batch = _Batch(entries)
    for entry in entries:
        details = QgsProcessingContext.LayerDetails(
            entry.title, context.project(), dict(outputs).get(entry.path, "")
        )
        details.forceName = True
        if hasattr(details, "groupName"):
            details.groupName = entry.group
        context.addLayerToLoadOnCompletion(entry.path, details)
        worker = _Dresser(entry, batch)
        context.layerToLoadOnCompletionDetails(entry.path).setPostProcessor(worker)


class _Batch:
    """Layers that are loaded together."""

    def __init__(self, entries):
        self.entries = entries
        self.layers = {}

    def take(self, entry, layer):
        """Note a layer; the last one puts all in order."""
        self.layers[entry.path] = layer.id()
        if len(self.layers) == len(self.entries):
            self.arrange()
            # Newer versions put layers into the tree only after this.
            QTimer.singleShot(0, self.arrange)

    def arrange(self):
        """Groups in the order of the entries, only one of them visible; the project's time."""
        root = QgsProject.instance().layerTreeRoot()
        groups = list(dict.fromkeys(entry.group for entry in self.entries))
        for place, name in enumerate(groups):
            group = root.findGroup(name) or root.insertGroup(min(place, len(root.children())), name)
            for entry in self.entries:
                if entry.group == name:
                    _move(root, self.layers[entry.path], group)
            visible = any(entry.visible for entry in self.entries if entry.group == name)
            group.setItemVisibilityChecked(visible)
            group.setExpanded(False)
            alike = [e for e in self.entries if e.group == name and e.begin is None]
            if visible and len(alike) > 1:  # they would hide each other
                for entry in alike:
                    node = root.findLayer(self.layers[entry.path])
                    if node is not None:
                        node.setItemVisibilityChecked(entry.visible)
        _set_time([entry for entry in self.entries if entry.begin is not None])


class KeptPostProcessor(QgsProcessingLayerPostProcessorInterface):
    """Is there until it was called: QGIS does not own it."""

    _kept = []

    def __init__(self):
        super().__init__()
        self._kept.append(self)

    def let_go(self):
        """To be called when the layer is done."""
        if self in self._kept:
            self._kept.remove(self)


class _Dresser(KeptPostProcessor):
    """Gives a loaded layer its style and its time."""

    def __init__(self, entry, batch):
        super().__init__()
        self._entry, self._batch = entry, batch

    def postProcessLayer(self, layer, context, feedback):
        """Called in the main thread, with the layer in the project or about to be."""
        entry = self._entry
        style = os.path.splitext(entry.path)[0] + ".qml"
        if os.path.isfile(style):
            message, good = layer.loadNamedStyle(style)
            if not good:
                feedback.reportError(f"{style}: {message}")
        layer.setName(entry.title)
        if entry.begin is not None:
            set_range(layer, entry.begin, entry.end)
        layer.triggerRepaint()
        self._batch.take(entry, layer)
        self.let_go()


def set_range(layer, begin, end):
    """Show a raster in the frames of its interval alone.

    A second less at either end: QGIS also shows it in the frame that only touches its end.
    """
    second = dt.timedelta(seconds=1)
    properties = layer.temporalProperties()
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    properties.setFixedTemporalRange(QgsDateTimeRange(_utc(begin + second), _utc(end - second)))
    properties.setIsActive(True)


def _set_time(entries):
    """Range and step of the project and of the temporal controller, so that frames are steps."""
    if not entries:
        return
    begin, end = min(e.begin for e in entries), max(e.end for e in entries)
    minutes = round(min((e.end - e.begin).total_seconds() for e in entries) / 60.0, 3)
    hours = minutes / 60.0
    whole = hours == int(hours)
    span = QgsDateTimeRange(_utc(begin), _utc(end))
    settings = QgsProject.instance().timeSettings()
    settings.setTemporalRange(span)
    length, unit = (hours, HOURS) if whole else (minutes, MINUTES)
    settings.setTimeStep(length)
    settings.setTimeStepUnit(unit)
    from qgis.utils import iface

    if iface is None or iface.mapCanvas() is None:
        return
    controller = iface.mapCanvas().temporalController()
    if controller is not None and hasattr(controller, "setTemporalExtents"):
        controller.setFrameDuration(QgsInterval(length, unit))
        controller.setTemporalExtents(span)


def _move(root, layer_id, group):
    node = root.findLayer(layer_id)
    if node is None or node.parent() is group:
        return
    copy = node.clone()
    group.addChildNode(copy)
    node.parent().removeChildNode(node)
    copy.setExpanded(False)


def _time(text):
    return dt.datetime.fromisoformat(text.rstrip("Z"))


def _utc(time):
    """The weather's clock as if it were UTC: it is the clock that the controller shows."""
    found = QDateTime.fromString(time.strftime("%Y-%m-%dT%H:%M:%S"), Qt.DateFormat.ISODate)
    found.setTimeSpec(Qt.TimeSpec.UTC)
    return found
