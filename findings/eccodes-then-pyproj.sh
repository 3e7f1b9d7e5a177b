#!/usr/bin/env bash
# Package:  eccodes 2.50.0 (with eckitlib 2.5.0.33, findlibs 0.1.3) and pyproj 3.7.2
# Expected: two packages that each bring their own PROJ library can be imported in either order.
# Happens:  after `import eccodes` (or cfgrib) pyproj cannot find its database and the interpreter
#           crashes when it ends (signal 6 or 11); in the other order all is well. findlibs loads the
#           libraries of eccodes with RTLD_GLOBAL, so whatever is loaded later calls their PROJ.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check eccodes==2.50.0 eccodeslib==2.50.0.33 eckitlib==2.5.0.33 findlibs==0.1.3 pyproj==3.7.2 numpy==2.4.6 || exit 2
env/bin/python - <<'PY'
import subprocess
import sys

USE = "print(pyproj.CRS(3006).name)"


def run(first, second):
    code = f"import {first}; import {second}; {USE}"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    told = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
    print(f"{first} then {second}: ended with {done.returncode}, {told[-1][:110]}")
    return done.returncode


holds = run("pyproj", "eccodes") == 0 and run("eccodes", "pyproj") != 0
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY
