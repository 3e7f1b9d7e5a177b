#!/usr/bin/env bash
# Package:  pvlib 0.16.1 (pandas 3.1.1; the hour of an EPW row and of a TMY3 row)
# Expected: both formats number an hour by its end, 1 to 24, so the same hour of the same day gets the
#           same time stamp from both readers of one package.
# Happens:  read_tmy3 stamps hour 1 as 01:00, its end, and hour 24 as the next day's 00:00. read_epw
#           stamps hour 1 as 00:00, its start, and hour 24 as 23:00. Its own columns "hour" and "minute"
#           still say 1 and 60. Exchanged for one another they move the sun by an hour.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check pvlib==0.16.1 pandas==3.1.1 numpy==2.4.6 || exit 2
env/bin/python -W ignore - <<'PY'
import io
import sys

from pvlib.iotools import read_epw, read_tmy3

hours = range(1, 25)
header = ["LOCATION,Somewhere,-,XXX,synthetic,000000,57.7,12.0,1.0,10.0"] + ["COMMENTS"] * 7
weather = "20,10,50,101300,0,0,350,{h},0,0,0,0,0,0,180,2,5,5,10,77777,9,999999999,10,0.1,0,0,0.2,0,0"
epw = header + [f"2003,6,21,{h},60,?9," + weather.format(h=h) for h in hours]
tmy3 = ['000000,"SOMEWHERE",XX,1.0,57.7,12.0,10', "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2)"]
tmy3 += [f"06/21/2003,{h:02d}:00,{h}" for h in hours]
from_epw, _ = read_epw(io.StringIO("\n".join(epw) + "\n"))
from_tmy3, _ = read_tmy3(io.StringIO("\n".join(tmy3) + "\n"), map_variables=True)
for hour in (1, 12, 24):
    row = from_epw.iloc[hour - 1]
    print(f"hour {hour}: read_epw {from_epw.index[hour - 1]} (columns hour {row.hour:.0f}, minute {row.minute:.0f}), "
          f"read_tmy3 {from_tmy3.index[hour - 1]}")
assert from_epw.ghi.tolist() == from_tmy3.ghi.tolist() == list(hours)
apart = {(b - a).total_seconds() for a, b in zip(from_epw.index, from_tmy3.index)}
print("seconds between the two stamps:", apart)
holds = apart == {3600.0} and from_epw.index[0].hour == 0 and from_epw.hour.iloc[0] == 1
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
