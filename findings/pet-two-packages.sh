#!/usr/bin/env bash
# Package:  pythermalcomfort 4.8.1 and umep 0.0.1b47 (PET, the physiological equivalent temperature)
# Expected: for one person and one weather two packages give about the same PET, and both come near the
#           five examples that Hoeppe published with the index in 1999.
# Happens:  in the room both give 21.0. Outdoors umep keeps within 0.4 K of the examples, while
#           pythermalcomfort (the 2018 revision) is 1 to 2 K below them in the sun sitting, its
#           default, and 2 to 3 K standing.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check pythermalcomfort==4.8.1 || exit 2
env/bin/pip install -q --no-compile --disable-pip-version-check --no-deps umep==0.0.1b47 || exit 2
env/bin/python -W ignore - <<'PY'
import sys

from pythermalcomfort.models import pet_steady
from umep.functions.SOLWEIGpython.PET_calculations import _PET

# air and radiant temperature (deg C), wind (m/s), vapour pressure (hPa), PET as published
EXAMPLES = {"room": (21, 21, 0.1, 12, 21), "winter, sun": (-5, 40, 0.5, 2, 10), "winter, shade": (-5, -5, 5, 2, -13),
            "summer, sun": (30, 60, 1, 21, 43), "summer, shade": (30, 30, 1, 21, 29)}
MASS, AGE, HEIGHT, CLO, WATT = 75.0, 35, 1.75, 0.9, 80.0
off = {}
for name, (air, radiant, wind, vapour, published) in EXAMPLES.items():
    humidity = 100 * vapour / (6.1078 * 10 ** (7.5 * air / (237.3 + air)))
    old = _PET(air, humidity, radiant, wind, MASS, AGE, HEIGHT, WATT, CLO, 1)
    sitting, standing = (
        float(pet_steady(tdb=air, tr=radiant, v=wind, rh=humidity, met=WATT / 58.2, clo=CLO, weight=MASS, age=AGE,
                         height=HEIGHT, position=position).pet)
        for position in ("sitting", "standing")
    )
    off[name] = [value - published for value in (old, sitting, standing)]
    print(f"{name}: published {published}, umep {old:.1f}, pythermalcomfort sitting {sitting:.1f}, standing {standing:.1f}")
sun = ("winter, sun", "summer, sun")
holds = (
    max(abs(each) for each in off["room"]) < 0.2
    and max(abs(each[0]) for each in off.values()) < 0.5
    and all(-2.0 < off[name][1] < -1.0 and -3.1 < off[name][2] < -2.0 for name in sun)
)
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
