"""How time and memory grow with the raster and with the number of steps; draws the curve.

python -m benchmarks.growth
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.cases import REPOSITORY, city_1000
from benchmarks.jobs import run_job, write_job

RESULTS = Path(__file__).parent / "results"
PICTURE = REPOSITORY / "docs" / "images" / "growth.png"


def measure(sides: list[int], threads: int) -> list[dict[str, Any]]:
    """Preparation, step and memory of synthetic cities of growing side."""
    rows = []
    for side in sides:
        case = city_1000(side)
        with tempfile.TemporaryDirectory(prefix="solweig-growth-") as folder:
            job = write_job(case, Path(folder), long_series=5)
            found = run_job(sys.executable, job, threads=threads, ours=True)
        rows.append({"side": side, "megapixels": case.megapixels} | found)
        print(
            f"{side:5} px  prepare {found['prepare_files_s']:7.3f} s"
            f"  step {found['step_s']:7.4f} s",
            flush=True,
        )
    return rows


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Both times against pixels, with a line through the origin and the largest raster."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    size = [row["megapixels"] for row in rows]
    for axis, key, title in (
        (axes[0], "prepare_files_s", "preparation"),
        (axes[1], "step_s", "anisotropic day step with UTCI"),
    ):
        values = [row[key] for row in rows]
        axis.plot([0, size[-1]], [0, values[-1]], color="0.7", lw=1, label="proportional")
        axis.plot(size, values, "o-", color="#0072b2", label="measured")
        axis.set(title=title, xlabel="megapixels", ylabel="s", xlim=(0, None), ylim=(0, None))
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[250, 500, 1000, 1600])
    parser.add_argument("--threads", type=int, default=machine.default_threads())
    parser.add_argument("--output", type=Path, default=RESULTS / "growth.json")
    arguments = parser.parse_args()

    description = machine.describe(arguments.threads)
    rows = measure(arguments.sides, arguments.threads)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps({"machine": description, "rows": rows}, indent=1) + "\n")
    draw(rows, PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
