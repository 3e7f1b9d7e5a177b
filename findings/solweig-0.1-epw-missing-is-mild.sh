#!/usr/bin/env bash
# Package:  solweig 0.1.0b96 (the package of that name on the index: a peer, not this project's code)
# Expected: an hour whose values carry EPW's codes for "missing" gives no weather, NaN, or an error.
# Happens:  it becomes a mild night: 20 deg C, 50 % humidity, 1 m/s of wind and no sun at noon, with no
#           warning and nothing in the object that tells it from a measured hour.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check solweig==0.1.0b96 numpy==2.4.6 || exit 2
env/bin/python - <<'PY'
import logging
import sys
import warnings

logged = []
handler = logging.Handler(logging.WARNING)
handler.emit = logged.append
logging.getLogger().addHandler(handler)
import solweig

logging.getLogger("solweig").addHandler(handler)
header = ["LOCATION,Somewhere,-,XXX,synthetic,000000,57.7,12.0,1.0,10.0"] + ["COMMENTS"] * 7
tail = "180,{wind},5,5,10,77777,9,999999999,10,0.1,0,0,0.2,0,0"
measured = "36,18,35,100900,0,0,400,880,800,130,0,0,0,0," + tail.format(wind=3)
missing = "99.9,99.9,999,999999,9999,9999,9999,9999,9999,9999,999999,999999,999999,9999," + tail.format(wind=999)
with open("gap.epw", "w") as file:
    rows = [f"2003,7,21,{h},0,?9,{missing if h == 12 else measured}" for h in range(1, 25)]
    file.write("\n".join(header + rows) + "\n")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    steps = solweig.Weather.from_epw("gap.epw", start="2003-07-21", end="2003-07-21")
values = {}
for step in steps:
    if step.datetime.hour in (11, 12):
        values[step.datetime.hour] = (step.ta, step.rh, step.ws, step.global_rad, step.pressure)
        print(f"{step.datetime:%H:%M} Ta {step.ta}, RH {step.rh}, wind {step.ws}, global {step.global_rad}, "
              f"pressure {step.pressure}")
print(f"warnings {len(said)}, logged as warning or worse {len(logged)}")
holds = values[12] == (20.0, 50.0, 1.0, 0.0, 1013.25) and values[11][0] == 36.0 and not said and not logged
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
