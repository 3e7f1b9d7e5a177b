"""A report in a real browser: ``poe test_report``, which installs it where it is missing.

Not collected with the other tests, because not every machine that runs those has a browser.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import solweig
from tests.report.made import HOURS, day_run
from tests.support.browser import Page, browser

WIDTHS = (1280, 390)
PICTURES = os.environ.get("SOLWEIG_PICTURES")
"""Folder for what was seen, if it is to be looked at."""


FAINT = """(() => {
  const part = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const under = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const own = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll("main *")]
    .filter((e) => own(e) && e.checkVisibility() && !e.closest(".sheet"))
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(under(e))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 80)];
    })
    .filter(([ratio]) => ratio < 4.5);
})()"""
"""Letters that are hard to tell from what they stand on."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "run"
    day_run(folder, output_format="geotiff")
    return solweig.write_report(folder, place="A square", attribution="Made by a test")


def frame_shown(page: Page) -> list[int]:
    """Frames of the maps that are to be seen, one a quantity."""
    found = page.evaluate(
        "[...document.querySelectorAll('#maps img')].filter(i => i.checkVisibility())"
        ".map(i => Number(i.dataset.frame))"
    )
    return list(found)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_reads_at_any_width_by_day_and_night(
    page: Page, report: Path, width: int, dark: bool
) -> None:
    page.open(report, width, dark=dark)
    assert page.complaints() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "wider than the window"
    small = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => "
        "[...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() && "
        "parseFloat(getComputedStyle(e).fontSize) < 11.5).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == [], "letters too small to read"
    broken = page.evaluate(
        "[...document.images].filter(i => !i.hidden && !(i.complete && i.naturalWidth)).length"
    )
    assert broken == 0
    seen = page.screenshot(whole=True)
    pixels = imread(BytesIO(seen))[:, :, :3]
    assert pixels.shape[1] == width
    colours = np.unique(pixels[::3, ::3].reshape(-1, 3), axis=0).shape[0]
    ground = pixels[:4, :4].mean()
    assert colours > 100, "a page without pictures"
    assert (ground < 0.25) == dark
    if PICTURES:
        name = f"report_{width}{'_dark' if dark else ''}.png"
        (Path(PICTURES) / name).write_bytes(seen)


@pytest.mark.parametrize("dark", [False, True])
def test_letters_stand_out(page: Page, report: Path, dark: bool) -> None:
    """Contrast of 4.5 to 1 or more (WCAG 2, AA) wherever letters lie on the page's own ground."""
    page.open(report, 1280, dark=dark)
    faint = page.evaluate(FAINT)
    assert faint == []


def test_the_slider_is_moved_with_the_keyboard(page: Page, report: Path) -> None:
    page.open(report, 1280)
    first = frame_shown(page)
    start, quantities = first[0], len(first)
    assert first == [start] * quantities
    assert quantities == 4
    for _ in range(30):
        page.press("Tab")
        if page.evaluate("document.activeElement.id") == "hour":
            break
    assert page.evaluate("document.activeElement.id") == "hour", "Tab does not reach the slider"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    said = page.evaluate("document.querySelector('output').textContent")
    page.press("ArrowRight")
    assert frame_shown(page) == [start + 1] * quantities
    now = page.evaluate("document.querySelector('output').textContent")
    assert now != said
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == now
    page.press("Home")
    assert frame_shown(page) == [0] * quantities
    page.press("End")
    assert frame_shown(page) == [len(HOURS) - 1] * quantities
    page.press("ArrowRight")
    assert frame_shown(page) == [len(HOURS) - 1] * quantities
    page.evaluate("document.activeElement.blur()")
    page.press("ArrowLeft")
    assert frame_shown(page) == [len(HOURS) - 2] * quantities, "from anywhere on the page"
    page.evaluate("document.querySelector('[data-by=\"-1\"]').click()")
    assert frame_shown(page) == [len(HOURS) - 3] * quantities
    assert page.complaints() == []


def test_means_beside_the_maps_follow_the_slider(page: Page, report: Path) -> None:
    page.open(report, 1280)
    told = page.evaluate("JSON.parse(document.getElementById('frames').textContent)")
    for frame in (0, 4):
        page.evaluate(
            f"(() => {{ const s = document.getElementById('hour'); s.value = {frame};"
            "s.dispatchEvent(new Event('input')); })()"
        )
        shown = page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('#maps .value')]"
            ".map(v => [v.dataset.name, v.textContent]))"
        )
        for name, means in told["means"].items():
            digits = 2 if name == "shadow" else 1
            assert abs(float(shown[name].replace("−", "-")) - means[frame]) <= 0.51 * 10**-digits


def test_works_without_scripts_and_on_paper(page: Page, report: Path) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(report, 1280)
        shown = page.screenshot(whole=True)
        printed = page.call("Page.printToPDF", printBackground=True)["data"]
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)
    page.open(report, 1280)
    assert shown == page.screenshot(whole=True)
    assert len(printed) > 50_000
