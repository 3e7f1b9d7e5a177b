"""A small cloud-optimised point cloud (COPC 1.0): a root node and its children."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np

_INFO = struct.Struct("<5d2Q2d88x")
_ENTRY = struct.Struct("<4iQ2i")


def write_copc(las: Any, path: Path) -> Path:
    """Write a :class:`laspy.LasData` of format 6 to 8; every fourth point is in the root node."""
    import laspy
    import lazrs
    from laspy.vlrs.known import WktCoordinateSystemVlr
    from laspy.vlrs.vlrlist import VLRList

    low = np.array([las.x.min(), las.y.min(), las.z.min()])
    half = max(las.x.max() - low[0], las.y.max() - low[1], las.z.max() - low[2]) / 2 + 0.01
    centre = low + half
    laszip = lazrs.LazVlr.new_for_compression(las.header.point_format.id, 0, True)
    order, nodes = _nodes(las, low, half)

    header = las.header
    header.vlrs = VLRList(
        [
            laspy.VLR("copc", 1, "info", _INFO.pack(*centre, half, half, 0, 0, 0.0, 0.0)),
            laspy.VLR("laszip encoded", 22204, "", laszip.record_data()),
            *(vlr for vlr in header.vlrs if isinstance(vlr, WktCoordinateSystemVlr)),
        ]
    )
    header.are_points_compressed = True
    header.number_of_evlrs = 1
    stream = io.BytesIO()
    header.write_to(stream)
    start = stream.tell()
    compressor = lazrs.LasZipCompressor(stream, laszip)
    compressor.reserve_offset_to_chunk_table()
    raw = las.points.array[order]
    entries, first = [], 0
    for key, count in nodes:
        begin = stream.tell()
        compressor.compress_many(np.frombuffer(raw[first : first + count].tobytes(), np.uint8))
        compressor.finish_current_chunk()
        entries.append(_ENTRY.pack(*key, begin, stream.tell() - begin, count))
        first += count
    compressor.done()
    hierarchy = b"".join(entries)
    evlr = stream.tell()
    stream.write(struct.pack("<H16sHQ32s", 0, b"copc", 1000, len(hierarchy), b"hierarchy"))
    stream.write(hierarchy)
    header.start_of_first_evlr = evlr
    info = _INFO.pack(*centre, half, half, evlr + 60, len(hierarchy), 0.0, 0.0)
    header.vlrs[0].record_data = info
    stream.seek(0)
    header.write_to(stream, ensure_same_size=True)
    assert stream.tell() == start
    path.write_bytes(stream.getvalue())
    return path


def _nodes(las: Any, low: Any, half: float) -> tuple[Any, list[tuple[tuple[int, ...], int]]]:
    """Order of the points, and key and number of points of each node."""
    index = np.arange(len(las.points))
    root = index[::4]
    rest = np.setdiff1d(index, root)
    parts = [((0, 0, 0, 0), root)]
    octant = [
        (np.asarray(a)[rest] - b >= half) for a, b in zip((las.x, las.y, las.z), low, strict=True)
    ]
    for x in (0, 1):
        for y in (0, 1):
            for z in (0, 1):
                mine = rest[(octant[0] == x) & (octant[1] == y) & (octant[2] == z)]
                if len(mine):
                    parts.append(((1, x, y, z), mine))
    return np.concatenate([p for _, p in parts]), [(key, len(p)) for key, p in parts]
