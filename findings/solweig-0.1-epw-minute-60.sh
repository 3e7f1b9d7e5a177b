#!/usr/bin/env bash
# Package:  solweig 0.1.0b96 (the package of that name on the index: a peer, not this project's code)
# Expected: an EPW file whose minute column says 60, the end of its hour, is read: EPW allows 1 to 60 and
#           many files have 60 in every row.
# Happens:  every such row is passed over and the file is refused with "EPW file contains no valid data
#           rows". The same rows with minute 0 are read.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check solweig==0.1.0b96 numpy==2.4.6 || exit 2
env/bin/python -W ignore - 2>log <<'PY' || { rc=$?; cat log; exit $rc; }
import sys

import solweig

header = ["LOCATION,Somewhere,-,XXX,synthetic,000000,57.7,12.0,1.0,10.0"] + ["COMMENTS"] * 7
weather = "20,10,50,101300,0,0,350,400,300,100,0,0,0,0,180,2,5,5,10,77777,9,999999999,10,0.1,0,0,0.2,0,0"
seen = {}
for minute in (0, 60):
    name = f"minute{minute}.epw"
    with open(name, "w") as file:
        file.write("\n".join(header + [f"2003,6,21,{h},{minute},?9,{weather}" for h in range(1, 25)]) + "\n")
    try:
        steps = solweig.Weather.from_epw(name, start="2003-06-21", end="2003-06-21")
        seen[minute] = f"{len(steps)} steps, the first at {steps[0].datetime}"
    except ValueError as error:
        seen[minute] = f"refused: {error}"
    print(f"minute {minute}: {seen[minute]}")
holds = seen[0].startswith("23 steps") and "no valid data rows" in seen[60]
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
