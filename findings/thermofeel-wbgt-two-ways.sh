#!/usr/bin/env bash
# Package:  thermofeel 2.3.0 (WBGT, the wet bulb globe temperature)
# Expected: of one place and hour calculate_wbgt and calculate_wbgt_liljegren give about the same: both
#           say 0.7 wet bulb + 0.2 globe + 0.1 air, and by night they agree within half a kelvin.
# Happens:  in the sun calculate_wbgt is 1.7 to 2.7 K lower, which is a whole class of ISO 7243: its wet
#           bulb is Stull's, of a thermometer shielded from the sun and well ventilated, while the
#           index is defined by the natural wet bulb, which the sun warms. Its globe is of 150 mm.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check thermofeel==2.3.0 numpy==2.4.6 || exit 2
env/bin/python -W ignore - <<'PY'
import sys

import numpy as np
import thermofeel as tf

# air (deg C), humidity (%), global radiation (W/m2), share of the beam, height of the sun (deg), wind at 10 m
NOONS = [(32, 45, 900, 0.8, 60, 2.0), (35, 30, 950, 0.85, 65, 1.5), (28, 70, 700, 0.7, 50, 3.0)]
NIGHT = (30, 40, 0, 0.0, -10, 1.0)


def both(ta, rh, solar, share, height, wind):
    kelvin, mu = np.array([ta + 273.15]), np.sin(np.radians(height))
    down, up = 0.855 * 5.67e-8 * kelvin**4, 1.06 * 5.67e-8 * kelvin**4
    beam = np.array([solar * share])
    around = tf.calculate_mean_radiant_temperature(
        ssrd=np.array([float(solar)]), ssr=np.array([0.55 * solar]), dsrp=beam / max(mu, 0.1), strd=down, fdir=beam,
        strr=down - up, cossza=np.array([max(mu, 0.0)]),
    )
    dew = tf.calculate_dew_point_from_relative_humidity(np.array([float(rh)]), kelvin)
    plain = tf.calculate_wbgt(kelvin, around, np.array([wind]), dew)
    liljegren = tf.calculate_wbgt_liljegren(
        kelvin, np.array([float(rh)]), np.array([1013.0]), np.array([wind]), np.array([float(solar)]), np.array([share]),
        np.array([mu]),
    )
    return float(plain[0]) - 273.15, float(liljegren[0]) - 273.15


found = {name: both(*case) for name, case in {"night": NIGHT, **{f"noon {i + 1}": n for i, n in enumerate(NOONS)}}.items()}
for name, (plain, liljegren) in found.items():
    print(f"{name}: calculate_wbgt {plain:.1f}, calculate_wbgt_liljegren {liljegren:.1f} deg C")
gaps = [liljegren - plain for name, (plain, liljegren) in found.items() if name != "night"]
holds = abs(found["night"][0] - found["night"][1]) < 0.5 and 1.6 < min(gaps) and 2.5 < max(gaps) < 2.8
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
