#!/usr/bin/env bash
# Package:  laspy 2.7.0 (joining two LAS files whose scales or offsets differ)
# Expected: the points keep their coordinates, in whichever way they are added to the file.
# Happens:  write_points brings them to the file's scale. append_points copies the stored integers:
#           millimetres appended to a file in centimetres put a tree of 12.5 m at 125 m, unsaid.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check laspy==2.7.0 numpy==2.4.6 || exit 2
env/bin/python - <<'PY'
import sys

import laspy
import numpy as np


def cloud(scale, heights):
    points = laspy.create(point_format=6, file_version="1.4")
    points.change_scaling(scales=[scale] * 3, offsets=[0.0, 0.0, 0.0])
    points.x = points.y = points.z = np.array(heights)
    return points


centimetres, millimetres = cloud(0.01, [1.0, 2.0]), cloud(0.001, [12.5])
with laspy.open("written.las", mode="w", header=centimetres.header) as file:
    file.write_points(centimetres.points)
    file.write_points(millimetres.points)
centimetres.write("appended.las")
with laspy.open("appended.las", mode="a") as file:
    file.append_points(millimetres.points)
written, appended = (float(laspy.read(name).z[-1]) for name in ("written.las", "appended.las"))
print(f"12.5 m after write_points: {written} m; after append_points: {appended} m")
holds = written == 12.5 and appended == 125.0
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
