"""What a build found, did and doubts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Entry", "Report"]

logger = logging.getLogger("solweig")

_TITLES = {
    "done": "Done",
    "gap": "Gaps",
    "fallback": "Fallbacks",
    "doubt": "Doubts",
}


@dataclass(frozen=True)
class Entry:
    """One line of the report.

    Attributes
    ----------
    kind
        ``done``, ``gap`` (filled or left), ``fallback`` (assumed instead of known) or ``doubt``.
    layer
        Source or layer it is about.
    text
        In words.
    count, of
        How many things, and of how many; None where nothing is counted.
    """

    kind: str
    layer: str
    text: str
    count: int | None = None
    of: int | None = None

    def __str__(self) -> str:
        number = "" if self.count is None else f"{self.count:,} "
        if self.count is not None and self.of:
            number = f"{self.count:,} of {self.of:,} ({self.count / self.of:.1%}) "
        return f"{self.layer}: {number}{self.text}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        found: dict[str, Any] = {"kind": self.kind, "layer": self.layer, "text": self.text}
        if self.count is not None:
            found["count"] = self.count
        if self.count is not None and self.of:
            found |= {"of": self.of, "share": self.count / self.of}
        return found


@dataclass
class Report:
    """Collected while a surface is built.

    Attributes
    ----------
    sources
        Name, digest and facts of each file.
    grid
        Rows, columns, cell size, CRS, bounds.
    layers
        Facts of each layer written.
    points
        LiDAR points by class.
    entries
        What was done, filled, assumed and doubted, in that order of happening.
    """

    sources: list[dict[str, Any]] = field(default_factory=list)
    grid: dict[str, Any] = field(default_factory=dict)
    layers: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def add(
        self, kind: str, layer: str, text: str, count: int | None = None, of: int | None = None
    ) -> None:
        """Note something; nothing is noted of a count of 0."""
        if count == 0:
            return
        entry = Entry(kind, layer, text, None if count is None else int(count),
                      None if of is None else int(of))  # fmt: skip
        if entry in self.entries:
            return
        self.entries.append(entry)
        if kind == "doubt":
            logger.warning("%s", entry)
        else:
            logger.info("%s", entry)

    def done(self, layer: str, text: str, count: int | None = None, of: int | None = None) -> None:
        """What was done."""
        self.add("done", layer, text, count, of)

    def gap(self, layer: str, text: str, count: int | None = None, of: int | None = None) -> None:
        """What was missing, and filled or left."""
        self.add("gap", layer, text, count, of)

    def fallback(
        self, layer: str, text: str, count: int | None = None, of: int | None = None
    ) -> None:
        """What was assumed instead of known."""
        self.add("fallback", layer, text, count, of)

    def doubt(self, layer: str, text: str, count: int | None = None, of: int | None = None) -> None:
        """What may be wrong."""
        self.add("doubt", layer, text, count, of)

    def of_kind(self, kind: str) -> list[Entry]:
        """Entries of one kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "grid": self.grid,
            "sources": self.sources,
            "layers": self.layers,
            "points": self.points,
            "entries": [entry.to_dict() for entry in self.entries],
        }

    def text(self) -> str:
        """The report for a reader."""
        lines = [_grid_line(self.grid)] if self.grid else []
        lines += ["", "Layers", *(_layer_line(n, facts) for n, facts in self.layers.items())]
        if self.points:
            total = sum(self.points.values())
            lines += ["", f"LiDAR points ({total:,})"]
            lines += [f"  {name:<28}{count:>14,}" for name, count in self.points.items()]
        for kind, title in _TITLES.items():
            found = self.of_kind(kind)
            if found:
                lines += ["", title, *(f"  - {entry}" for entry in found)]
        lines += ["", "Sources", *(_source_line(source) for source in self.sources)]
        return "\n".join(lines) + "\n"


def _grid_line(grid: Mapping[str, Any]) -> str:
    return (
        f"{grid['rows']} x {grid['cols']} cells of {grid['pixel_size']:g} m, {grid['crs']}, "
        "west {:.2f}, south {:.2f}, east {:.2f}, north {:.2f}".format(*grid["bounds"])
    )


def _layer_line(name: str, facts: Mapping[str, Any]) -> str:
    parts = [f"{facts['coverage']:.1%} of the cells"]
    if "lowest" in facts:
        parts.append(
            f"{facts['lowest']:.2f} to {facts['highest']:.2f} {facts.get('unit', '')}".strip()
        )
    if facts.get("from"):
        parts.append("from " + facts["from"])
    return f"  {name:<12}" + "; ".join(parts)


def _source_line(source: Mapping[str, Any]) -> str:
    more = [str(source[key]) for key in ("what", "crs") if source.get(key)]
    return f"  {source['role']:<12}{source['name']}" + (f" ({'; '.join(more)})" if more else "")
