"""The installed package in a process of its own: where it is, how it is started and stopped.

Nothing of the package is imported here: QGIS brings libraries of its own that do not go with those
of the package, and variables that would lead it to them.
"""

from __future__ import annotations

import json
import os
import shutil

from qgis.core import QgsProcessingException, QgsSettings
from qgis.PyQt.QtCore import QProcess, QProcessEnvironment

SETTING = "solweig/command"
_WINDOWS = os.name == "nt"
_HOME = os.path.join(os.path.expanduser("~"), "solweig-env")
_OWN = os.path.join(_HOME, "Scripts", "solweig.exe") if _WINDOWS else f"{_HOME}/bin/solweig"
_PIP = os.path.join(_HOME, "Scripts", "pip.exe") if _WINDOWS else f"{_HOME}/bin/pip"
_SOURCE = "solweig[inputs,geo,exposure,plot] @ git+https://github.com/solweig/solweig"

INSTALL = f'{"py" if _WINDOWS else "python3"} -m venv "{_HOME}" && "{_PIP}" install "{_SOURCE}"'
"""One line for a shell; the plugin looks where it installs."""

MISSING = (
    "The package solweig is not installed, or not where this plugin looks. Install it with\n\n"
    f"{INSTALL}\n\n"
    '(Python 3.11 or newer, and Rust from https://rustup.rs), or say where "solweig" is under '
    "Advanced parameters, SOLWEIG command."
)

# What QGIS sets for itself, and would lead another Python and another GDAL astray.
_FOREIGN = (
    "PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "PYTHONHOME", "PYTHONPATH",
    "LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "VIRTUAL_ENV", "DYLD_LIBRARY_PATH", "PYTHONSTARTUP",
)  # fmt: skip
_OWN_SETTINGS = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1"}
_POLL_MS = 100
_GRACE_MS = 30_000


def find_command(said=""):
    """Path of the command: what was said, else what was said before, PATH, the place of INSTALL.

    An empty text where there is none.
    """
    if said:
        return said if os.path.isfile(said) else ""
    before = QgsSettings().value(SETTING, "", type=str)
    for path in (before, shutil.which("solweig") or "", _OWN):
        if path and os.path.isfile(path):
            return path
    return ""


def keep_command(path):
    """Remember where the command is."""
    QgsSettings().setValue(SETTING, path)


def clean_environment():
    """The environment of QGIS without what is meant for QGIS alone."""
    found = QProcessEnvironment.systemEnvironment()
    for name in _FOREIGN:
        found.remove(name)
    for name, value in _OWN_SETTINGS.items():
        found.insert(name, value)
    return found


class _Lines:
    """Whole lines from bytes that come in pieces."""

    def __init__(self):
        self._rest = b""

    def add(self, piece):
        """Take more bytes; return the lines that are whole now."""
        *whole, self._rest = (self._rest + bytes(piece)).split(b"\n")
        return [line.decode("utf-8", "replace").rstrip("\r") for line in whole]


def run_child(command, arguments, feedback):
    """Run the command to its end.

    Returns its last object of JSON; None where the user cancelled. Raises
    QgsProcessingException with what the command says where it fails.
    """
    arguments = [*arguments, "--progress", "json", "--stop-with-input"]
    feedback.pushCommandInfo(" ".join([command, *(_quoted(a) for a in arguments)]))
    process = QProcess()
    process.setProcessEnvironment(clean_environment())
    process.start(command, arguments)
    if not process.waitForStarted(10_000):
        raise QgsProcessingException(
            f"{command} does not start: {process.errorString()}\n{MISSING}"
        )
    told = _Told(feedback)
    stopping = 0
    while process.state() != QProcess.ProcessState.NotRunning:
        process.waitForReadyRead(_POLL_MS)
        told.hear(process)
        if feedback.isCanceled():
            if stopping == 0:
                # Without a signal, so the same on every system; nothing is left half-written.
                process.closeWriteChannel()
            stopping += _POLL_MS
            if stopping > _GRACE_MS:
                process.kill()
            process.waitForFinished(_POLL_MS)
    process.waitForFinished()
    told.hear(process)
    if feedback.isCanceled():
        return None
    crashed = process.exitStatus() != QProcess.ExitStatus.NormalExit
    if crashed or process.exitCode() != 0 or told.result is None:
        raise QgsProcessingException(told.failure(process.exitCode()))
    return told.result


class _Told:
    """What a command says, passed on."""

    def __init__(self, feedback):
        self._feedback = feedback
        self._output, self._errors = _Lines(), _Lines()
        self._phase = ""
        self._said = []
        self.result = None

    def hear(self, process):
        """Read what is there."""
        for line in self._output.add(process.readAllStandardOutput()):
            self._object(line)
        for line in self._errors.add(process.readAllStandardError()):
            self._line(line)

    def failure(self, code):
        """The error in words."""
        errors = [line for line in self._said if line.startswith("error: ")]
        text = "\n".join(errors or self._said[-12:]) or f"solweig ended with code {code}"
        if "No such option" in text or "No such command" in text:
            text += f"\nThis is another or an older package of that name.\n{MISSING}"
        return text

    def _object(self, line):
        try:
            told = json.loads(line)
        except ValueError:
            self._line(line)
            return
        if "phase" not in told:
            self.result = told
            return
        if told["phase"] != self._phase:
            self._phase = told["phase"]
            self._feedback.setProgressText(self._phase)
        share = told["done"] / max(told["total"], 1)
        self._feedback.setProgress(100.0 * (told["part"] - 1 + share) / told["parts"])

    def _line(self, line):
        if not line.strip():
            return
        self._said.append(line)
        if line.startswith("warning: ") and hasattr(self._feedback, "pushWarning"):
            self._feedback.pushWarning(line[len("warning: ") :])
        elif not line.startswith("error: "):
            self._feedback.pushInfo(line)


def _quoted(text):
    return f'"{text}"' if " " in text else text
