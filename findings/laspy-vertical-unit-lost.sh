#!/usr/bin/env bash
# Package:  laspy 2.7.0 with pyproj 3.7.2 (LAS 1.2, whose coordinate system stands in GeoTIFF keys)
# Expected: horizontal UTM in metres and heights in US survey feet (VerticalCSType 6360) come back as a
#           compound system, or the vertical key raises or is at least mentioned.
# Happens:  parse_crs returns the horizontal system alone, in metres; the vertical key stands unread in
#           the header, so heights in feet pass for metres.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check laspy==2.7.0 pyproj==3.7.2 numpy==2.4.6 || exit 2
env/bin/python - <<'PY'
import struct
import sys
import warnings

import laspy
from laspy.vlrs.known import GeoKeyDirectoryVlr

MODEL_TYPE, PROJECTED, VERTICAL = 1024, 3072, 4096
keys = [(MODEL_TYPE, 1), (PROJECTED, 26918), (VERTICAL, 6360)]
record = struct.pack("<4H", 1, 1, 0, len(keys)) + b"".join(struct.pack("<4H", key, 0, 1, value) for key, value in keys)
directory = GeoKeyDirectoryVlr()
directory.parse_record_data(record)
points = laspy.create(point_format=3, file_version="1.2")
points.header.vlrs.append(directory)
points.x, points.y, points.z = [583000.0], [4507000.0], [328.08]
points.write("feet.las")

read = laspy.read("feet.las")
stored = {k.id: k.value_offset for vlr in read.header.vlrs.get("GeoKeyDirectoryVlr") for k in vlr.geo_keys}
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    crs = read.header.parse_crs()
units = [axis.unit_name for axis in crs.axis_info]
print(f"keys in the file: {stored}")
print(f"parse_crs: {crs.name!r}, axes in {units}, compound: {crs.is_compound}, warnings: {len(said)}")
holds = stored[VERTICAL] == 6360 and not crs.is_compound and len(units) == 2 and not said
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
