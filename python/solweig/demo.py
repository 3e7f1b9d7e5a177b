"""The bundled site: a square in Gothenburg on a hot day, with measurements."""

from __future__ import annotations

from solweig.run.demo import (
    DemoRun,
    demo_folder,
    demo_measurements,
    demo_surface,
    demo_weather,
    run_demo,
)

__all__ = [
    "DemoRun",
    "demo_folder",
    "demo_measurements",
    "demo_surface",
    "demo_weather",
    "run_demo",
]
