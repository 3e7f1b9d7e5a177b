"""GPU runtime as data: what was found, what was decided, and the one effect that opens a device.

Nothing is opened at import, by default or by a global. :func:`probe_gpu` looks, at no cost to
anybody; :func:`decide_gpu_runtime` is a pure function of what it found; :func:`open_gpu` is the
only place that creates a device. Its handle is passed to whoever works with it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from solweig import _core

__all__ = [
    "AdapterInfo",
    "Affinity",
    "GpuHandle",
    "Probe",
    "Ready",
    "Rejected",
    "decide_gpu_runtime",
    "open_gpu",
    "probe_gpu",
    "rejection_count",
    "usable_adapters",
]

log = logging.getLogger("solweig")

NEEDED = {
    "max_storage_buffers_per_shader_stage": 8,
    "max_compute_invocations_per_workgroup": 64,
    "max_compute_workgroups_per_dimension": 65_535,
    "max_uniform_buffer_binding_size": 16_384,
}
"""Least limits of an adapter the kernels run on; WebGPU promises them."""

_PREFERENCE = ("discrete", "integrated", "virtual", "other", "cpu")

_rejections = 0


class Affinity(Enum):
    """Where a device may be used from."""

    WORKER_SAFE = "worker_safe"
    """From any thread, one call at a time."""
    REQUIRES_MAIN_THREAD = "requires_main_thread"
    """Only from the thread that opened it: OpenGL."""


@dataclass(frozen=True)
class AdapterInfo:
    """An adapter as the driver describes it; nothing is opened to know this.

    ``position`` is its number in the list ``solweig info`` prints, ``index`` the one among the
    adapters of its backend.
    """

    position: int
    index: int
    name: str
    backend: str
    device_type: str
    driver: str = ""
    driver_info: str = ""
    affinity: Affinity = Affinity.WORKER_SAFE
    timestamps: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def software(self) -> bool:
        """A rasteriser on the CPU: right, and slow."""
        return self.device_type == "cpu"

    def __str__(self) -> str:
        return f"gpu:{self.position} {self.name} [{self.backend}]"


@dataclass(frozen=True)
class Probe:
    """What looking for adapters found."""

    compiled: bool
    adapters: tuple[AdapterInfo, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Ready:
    """A device that may be opened."""

    adapter: AdapterInfo
    backend: str
    driver: str
    limits: Mapping[str, int]
    affinity: Affinity


Device = Ready | str | int
"""An adapter found usable, or one by name or number."""


@dataclass(frozen=True)
class Rejected:
    """Why there is none."""

    reason: str


def probe_gpu() -> Probe:
    """Look for adapters on this machine. Opens nothing."""
    if not _core.gpu_compiled():
        return Probe(compiled=False)
    try:
        with _quiet():
            found = _core.gpu_adapters()
    except Exception as error:  # a broken driver must not end a run that can do without it
        return Probe(compiled=True, error=" ".join(str(error).split()))
    return Probe(True, tuple(_adapter(i, entry) for i, entry in enumerate(found)))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let EGL look for a desktop without a word where there is none.

    Its Wayland library complains on stderr on a server; a place where nothing is found keeps it
    quiet.
    """
    name = "XDG_RUNTIME_DIR"
    if not sys.platform.startswith("linux") or os.environ.get(name):
        yield
        return
    os.environ[name] = tempfile.gettempdir()
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _adapter(position: int, entry: Mapping[str, Any]) -> AdapterInfo:
    return AdapterInfo(
        position=position,
        index=int(entry["index"]),
        name=str(entry["name"]),
        backend=str(entry["backend"]),
        device_type=str(entry["device_type"]),
        driver=str(entry["driver"]),
        driver_info=str(entry["driver_info"]),
        affinity=Affinity(entry["affinity"]),
        timestamps=bool(entry["timestamps"]),
        limits=dict(entry["limits"]),
    )


def usable_adapters(
    probe: Probe, *, allow_software: bool = False, visible: Sequence[int] | None = None
) -> list[AdapterInfo]:
    """Adapters a run may choose by itself, best first: by kind, then in the order of the list.

    A card that several backends offer counts once: only the best adapter's backend is taken.

    Parameters
    ----------
    probe
        What was found.
    allow_software
        Count rasterisers on the CPU too.
    visible
        Positions that may be used; None = all.
    """
    seen = [
        adapter
        for adapter in probe.adapters
        if (visible is None or adapter.position in visible)
        and (allow_software or not adapter.software)
        and _shortfall(adapter) is None
    ]
    chosen = [adapter for adapter in seen if not adapter.software] or seen
    chosen.sort(key=lambda a: (_PREFERENCE.index(_kind(a)), a.position))
    return [adapter for adapter in chosen if adapter.backend == chosen[0].backend]


def _kind(adapter: AdapterInfo) -> str:
    return adapter.device_type if adapter.device_type in _PREFERENCE else "other"


def _shortfall(adapter: AdapterInfo) -> str | None:
    """The limit an adapter falls short of, in words."""
    for name, least in NEEDED.items():
        has = adapter.limits.get(name, 0)
        if has < least:
            return f"{name} is {has}, at least {least} is needed"
    return None


def decide_gpu_runtime(
    probe: Probe,
    *,
    device: str | int | None = None,
    allow_software: bool = False,
    visible: Sequence[int] | None = None,
) -> Ready | Rejected:
    """Which device to open, if any. Pure: the same findings give the same answer.

    Parameters
    ----------
    device
        "gpu:N" or N names an adapter by its position; None takes the best.
    allow_software
        A rasteriser on the CPU will do where nothing is named.
    visible
        Positions that may be used; None = all.
    """
    if not probe.compiled:
        return Rejected("this build carries no GPU engine")
    if probe.error is not None:
        return Rejected(f"looking for adapters failed: {probe.error}")
    if not probe.adapters:
        return Rejected("no adapter was found")
    if device is not None:
        return _named(probe, device, visible)
    usable = usable_adapters(probe, allow_software=allow_software, visible=visible)
    if usable:
        return _ready(usable[0])
    return Rejected(_why_none(probe, visible))


def _named(probe: Probe, device: str | int, visible: Sequence[int] | None) -> Ready | Rejected:
    try:
        position = device if isinstance(device, int) else int(device.removeprefix("gpu:"))
    except ValueError:
        return Rejected(f"{device!r} names no adapter; expected gpu:N")
    count = len(probe.adapters)
    if not 0 <= position < count:
        return Rejected(f"gpu:{position}: this machine has {count} adapters, from gpu:0")
    if visible is not None and position not in visible:
        return Rejected(f"gpu:{position} is hidden by SOLWEIG_VISIBLE_DEVICES")
    adapter = probe.adapters[position]
    short = _shortfall(adapter)
    return _ready(adapter) if short is None else Rejected(f"{adapter}: {short}")


def _why_none(probe: Probe, visible: Sequence[int] | None) -> str:
    shown = [a for a in probe.adapters if visible is None or a.position in visible]
    if not shown:
        return f"SOLWEIG_VISIBLE_DEVICES hides all {len(probe.adapters)} adapters"
    for adapter in shown:
        short = _shortfall(adapter)
        if short is not None and not adapter.software:
            return f"{adapter}: {short}"
    names = ", ".join(str(adapter) for adapter in shown)
    return f"only software adapters were found ({names}), which are used when asked for"


def _ready(adapter: AdapterInfo) -> Ready:
    driver = f"{adapter.driver} {adapter.driver_info}".strip()
    return Ready(adapter, adapter.backend, driver, adapter.limits, adapter.affinity)


@dataclass
class GpuHandle:
    """An open device, tested and pinned to what was decided."""

    device: _core.Gpu
    ready: Ready
    _thread: int = field(default_factory=threading.get_ident)

    @property
    def core(self) -> _core.Gpu:
        """The device, for the thread it belongs to.

        Raises
        ------
        GpuError
            In another thread.
        """
        self.check_thread()
        return self.device

    def check_thread(self) -> None:
        """Refuse a thread the device does not belong to.

        Raises
        ------
        GpuError
            The device requires the thread that opened it.
        """
        alone = self.ready.affinity is Affinity.REQUIRES_MAIN_THREAD
        if alone and threading.get_ident() != self._thread:
            _refuse(f"{self.ready.adapter} belongs to the thread that opened it", "wrong_thread")


def open_gpu(
    ready: Ready,
    *,
    deterministic: bool = True,
    memory_budget: int | None = None,
    limits: Mapping[str, int] | None = None,
    faults: Mapping[str, str] | None = None,
) -> GpuHandle:
    """Open a device: the only effect of this module.

    The engine always works deterministically: one queue, fixed workgroup sizes, sums in a fixed
    order, no float atomics; its self-test runs twice and must be equal in every bit and within
    tolerance of the CPU. Here it is verified that the device is the one decided on and grants the
    limits asked for. It fails closed: what cannot be verified is not used.

    Parameters
    ----------
    ready
        From :func:`decide_gpu_runtime`.
    deterministic
        Must be True; there is no other way to run.
    memory_budget
        Most bytes to allocate on the device.
    limits, faults
        For tests, see ``_core.open_gpu``.

    Raises
    ------
    GpuError
        The device cannot be opened, is another one, or answers wrong.
    ValueError
        ``deterministic`` is False.
    """
    if not deterministic:
        raise ValueError("deterministic: expected True; the engine has no other way to run")
    with _quiet():
        core = _core.open_gpu(
            ready.backend,
            ready.adapter.index,
            limits=dict(limits) if limits else None,
            memory_budget=memory_budget,
            faults=dict(faults) if faults else None,
        )
    _verify(core, ready, limits or {})
    return GpuHandle(core, ready)


def _verify(core: Any, ready: Ready, lowered: Mapping[str, int]) -> None:
    found = (core.backend, core.name, core.affinity)
    decided = (ready.backend, ready.adapter.name, ready.affinity.value)
    if found != decided:
        _refuse(f"opened {found}, decided on {decided}")
    wanted = {**ready.limits, **{n: v for n, v in lowered.items() if n in ready.limits}}
    for name, promised in wanted.items():
        granted = core.limits.get(name, 0)
        if granted < min(promised, ready.limits.get(name, promised)):
            _refuse(f"{name}: {promised} was promised, {granted} is granted")


def _refuse(reason: str, kind: str = "validation") -> None:
    error = _core.GpuError(f"[GPU] {reason}")
    error.stage, error.kind, error.reason = None, kind, reason
    raise error


def note_rejection(reason: str) -> None:
    """Log and count a runtime that was rejected."""
    global _rejections
    _rejections += 1
    log.info("no GPU is used: %s", reason)


def rejection_count() -> int:
    """Runtimes rejected in this process."""
    return _rejections
