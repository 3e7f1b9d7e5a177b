"""ERA5 and ERA5-Land: sums of radiation to means, instants to means, dew point to humidity.

Sums are J m-2. Those of ERA5 are of the hour that ends at the stamp. Those of ERA5-Land begin at 00
UTC of every day and grow until 00 UTC of the next, whose value is the whole day that ends there.
Temperature, dew point, wind and pressure are at the stamp itself: a row has their mean over both
ends of its interval, so that all of it stands for one time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.weather.readers import air, frames
from solweig.weather.readers.era5_names import HOUR_SECONDS, INSTANTS, MEANS, SUMS, PointTable
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.grids import check_method
from solweig.weather.readers.netcdf import is_netcdf
from solweig.weather.readers.sources import Files, local_files
from solweig.weather.readers.utc_rows import rows_on_clock
from solweig.weather.readers.wanted import Site, Wanted

log = logging.getLogger("solweig")

PRODUCTS = ("era5", "era5-land")
_MOST_MINUTES = 180.0
_BRIGHTEST = 1500.0 * HOUR_SECONDS
"""More than any hour of sunshine [J m-2]."""
_WARMEST_SKY = 700.0 * HOUR_SECONDS
_NEEDED = {
    "t2m": "2m temperature", "d2m": "2m dewpoint temperature",
    "ssrd": "surface solar radiation downwards",
}  # fmt: skip


def read_era5(
    paths: Files,
    site: Site,
    wanted: Wanted,
    *,
    product: str | None = None,
    method: str = "nearest",
) -> Rows:
    """See :meth:`solweig.Weather.from_era5`."""
    check_method(method)
    if product not in (None, *PRODUCTS):
        raise ConfigurationError("product", " or ".join(PRODUCTS), repr(product))
    with local_files(paths) as files:
        tables = [_table(file, site, method) for file in files]
    source = tables[0].name + ("" if len(tables) == 1 else f" and {len(tables) - 1} more")
    table, minutes, notes = _joined(tables, product, source)
    frame = _quantities(table)
    spot = tables[0].spot
    return rows_on_clock(
        frame, minutes, site, wanted, stamp="end", source=source,
        place=(spot.latitude, spot.longitude), kind=_kind(notes), notes=(*notes, spot.words),
    )  # fmt: skip


def _kind(notes: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(note.split(":")[0] for note in notes if ":" in note))


def _table(file: Path, site: Site, method: str) -> PointTable:
    with file.open("rb") as opened:
        head = opened.read(8)
    if is_netcdf(head):
        from solweig.weather.readers import era5_netcdf  # only now is it known which is needed

        return era5_netcdf.read_point(file, site, method)
    if head.startswith(b"GRIB"):
        from solweig.weather.readers import era5_grib  # eccodes is optional

        return era5_grib.read_point(file, site, method)
    raise WeatherDataError(file.name, "NetCDF or GRIB", f"a file that begins with {head!r}")


# ------------------------------------------------------------------ files together


def _joined(
    tables: Sequence[PointTable], product: str | None, source: str
) -> tuple[pd.DataFrame, F64, list[str]]:
    """Instants, and radiation in W m-2, of all files; the length of each row [min].

    Files of one grid are one product. Where two have a quantity, that of the first counts.
    """
    grids: dict[tuple[float, float], list[PointTable]] = {}
    for table in tables:
        grids.setdefault((round(table.spacing[0], 3), round(table.spacing[1], 3)), []).append(table)
    instants, fluxes, notes = pd.DataFrame(), pd.DataFrame(), []
    for spacing, members in grids.items():
        frame = _merged([member.frame for member in members])
        if {*SUMS, *MEANS} & set(frame):
            said = {m.since_midnight for m in members if m.since_midnight is not None}
            grown, words = _since_midnight(frame, product, spacing, said, source)
            notes.append(words)
            fluxes = fluxes.combine_first(_fluxes(frame, grown, source))
        instants = instants.combine_first(frame[[n for n in INSTANTS if n in frame]])
    if "minutes" not in fluxes:
        fluxes["minutes"] = np.nan
    missing = [f"{words} ({name})" for name, words in _NEEDED.items()
               if name not in instants and name not in fluxes]  # fmt: skip
    if missing:
        held = ", ".join([*instants.columns, *(c for c in fluxes.columns if c != "minutes")])
        raise WeatherDataError(
            source, ", ".join(missing), f"only {held}" if held else "none of them",
            "Request them too, or name the file that has them as well.",
        )  # fmt: skip
    return _of_equal_length(instants, fluxes, source, notes)


def _merged(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    found = pd.DataFrame()
    for part in parts:
        # Final and preliminary messages of one hour.
        found = found.combine_first(part.groupby(level=0).first())
    return found.sort_index()


def _of_equal_length(
    instants: pd.DataFrame, fluxes: pd.DataFrame, source: str, notes: list[str]
) -> tuple[pd.DataFrame, F64, list[str]]:
    """Rows that have radiation, without those that stand for more than the others do."""
    frame = fluxes.join(instants, how="inner") if len(instants) else fluxes
    kept = frame[frame["ssrd"].notna() & frame["minutes"].notna()]
    if kept.empty:
        raise WeatherDataError(
            source, "times that have both radiation and temperature", "none",
            "The sum of an hour needs the value of the hour before.",
        )  # fmt: skip
    usual = float(kept["minutes"].median())
    if usual > _MOST_MINUTES:
        raise WeatherDataError(
            source, f"values at most {_MOST_MINUTES:g} min apart", f"{usual:g} min apart",
            "Sums over so long a time say nothing about the sun; request every hour.",
        )  # fmt: skip
    even = kept[np.isclose(kept["minutes"], usual)]
    if len(even) < len(frame):
        log.info(
            "%s: %d of %d rows are left out: no sum of %g min ends there", source,
            len(frame) - len(even), len(frame), usual,
        )  # fmt: skip
    minutes = even["minutes"].to_numpy(dtype=np.float64)
    means, alone = _means_of_ends(instants, pd.DatetimeIndex(even.index), usual)
    if alone:
        notes.append(f"{alone} row(s) have air and wind of their end, not of both ends")
        log.info("%s: %s", source, notes[-1])
    table = even.drop(columns=[*instants.columns, "minutes"]).join(means)
    return table, minutes, notes


def _means_of_ends(
    instants: pd.DataFrame, ends: pd.DatetimeIndex, minutes: float
) -> tuple[pd.DataFrame, int]:
    """Means over intervals of what is known at their ends; how many rows know one end only."""
    known = pd.DataFrame(index=instants.index)
    if {"t2m", "d2m"} <= set(instants):
        known["ta"] = instants["t2m"] - air.KELVIN
        dew = instants["d2m"].to_numpy(dtype=np.float64) - air.KELVIN
        known["vapour"] = air.saturation_pressure(dew)
    for name in ("u10", "v10", "sp"):
        if name in instants:
            known[name] = instants[name]
    if {"u10", "v10"} <= set(instants):
        known["ws"] = np.hypot(instants["u10"], instants["v10"])
    after = known.reindex(ends)
    before = known.reindex(ends - pd.Timedelta(minutes=minutes)).set_axis(ends, axis=0)
    alone = int(before.isna().all(axis=1).sum())
    return ((after + before) / 2.0).where(before.notna(), after), alone


# ------------------------------------------------------------------ sums


def _fluxes(frame: pd.DataFrame, grown: bool, source: str) -> pd.DataFrame:
    """Radiation in W m-2, and what each row stands for [min]."""
    times = pd.DatetimeIndex(frame.index)
    found = pd.DataFrame(index=times)
    sums = [name for name in SUMS if name in frame]
    means = {name: ours for name, ours in MEANS.items() if name in frame and ours not in frame}
    minutes = np.full(len(times), 60.0)
    if grown and sums:
        minutes = _minutes_since(times)
    for name in sums:
        values = frame[name].to_numpy(dtype=np.float64)
        joules = _increments(times, values, name, source) if grown else values
        found[name] = joules / (minutes * 60.0)
    for name, ours in means.items():
        found[ours] = frame[name].to_numpy(dtype=np.float64)
    # Packing leaves traces below zero.
    dark = (found > -5.0) & (found < 0.0)
    found = found.mask(dark, 0.0)
    if {"ssrd", "fdir"} <= set(found):
        found["fdir"] = np.minimum(found["fdir"], found["ssrd"])
    found["minutes"] = minutes
    return found


def _day_begins(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The 00 UTC at which the sum that ends at each time began."""
    return (times - pd.Timedelta(seconds=1)).floor("D")


def _follows(times: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Rows whose row before belongs to the same sum."""
    begins = _day_begins(times).to_numpy()
    same: NDArray[np.bool_] = np.concatenate([[False], begins[1:] == begins[:-1]])
    return same


def _minutes_since(times: pd.DatetimeIndex) -> F64:
    """From the row before in the same sum, or from its beginning [min]."""
    before = times[:1].append(times[:-1])
    began = _day_begins(times).where(~_follows(times), before)
    lasted = np.asarray(times - began, "timedelta64[ns]")
    return np.asarray(lasted / np.timedelta64(1, "m"), np.float64)


def _increments(times: pd.DatetimeIndex, values: F64, name: str, source: str) -> F64:
    """What was added to a sum since the row before [J m-2].

    Raises
    ------
    WeatherDataError
        A sum that falls within its day.
    """
    before = np.where(_follows(times), np.concatenate([[0.0], values[:-1]]), 0.0)
    added = values - before
    fallen = np.flatnonzero(added < -_tolerance(values))
    if fallen.size:
        raise WeatherDataError(
            name, "sums since 00 UTC, which grow all day",
            f"one that falls at {times[int(fallen[0])]} UTC",
            f"In {source}. {argument('product', 'era5')} reads sums of one hour.",
        )  # fmt: skip
    return np.maximum(added, 0.0)


def _tolerance(values: F64) -> float:
    """What packing may take from a value [J m-2]."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    return max(0.005 * largest, 1000.0)


def _since_midnight(
    frame: pd.DataFrame,
    product: str | None,
    spacing: tuple[float, float],
    said: set[bool],
    source: str,
) -> tuple[bool, str]:
    """Whether sums begin at 00 UTC: as the values show, the file says, the caller says; in words.

    Raises
    ------
    WeatherDataError
        The values contradict what was said, or nothing tells.
    """
    names = {True: "ERA5-Land: sums since 00 UTC", False: "ERA5: sums of one hour"}
    shown = _shown_by_values(frame)
    by_caller = None if product is None else product == "era5-land"
    by_file = said.pop() if len(said) == 1 else None
    for claim, who in ((by_caller, f"{argument('product', product)} says"), (by_file, "GRIB says")):
        if claim is not None and shown is not None and claim != shown:
            raise WeatherDataError(
                "ssrd", f"{names[claim]}, as {who}", names[shown], f"So are the values in {source}."
            )
    for known in (shown, by_caller, by_file):
        if known is not None:
            return known, names[known]
    if not set(SUMS) & set(frame):
        return False, "ERA5: means of one hour"
    for side, grown in ((0.1, True), (0.25, False)):
        if any(abs(step - side) < 0.01 for step in spacing):
            return grown, f"{names[grown]}, as the grid of {side:g} degrees says"
    raise WeatherDataError(
        "product", "a file that tells whether sums are of one hour or since 00 UTC",
        f"one that does not: {source}",
        f"{argument('product', 'era5')} or {argument('product', 'era5-land')}.",
    )  # fmt: skip


def _shown_by_values(frame: pd.DataFrame) -> bool | None:
    """Whether sums begin at 00 UTC, where the values leave no doubt."""
    times = pd.DatetimeIndex(frame.index)
    for name, most in (("strd", _WARMEST_SKY), ("ssrd", _BRIGHTEST)):
        if name not in frame:
            continue
        values = frame[name].to_numpy(dtype=np.float64)
        if np.nanmax(values, initial=0.0) > 1.05 * most:
            return True
        falls = np.diff(values, prepend=np.nan) < -_tolerance(values)
        if np.any(_follows(times) & falls):
            return False
        since = ((times - _day_begins(times)) / pd.Timedelta(hours=1)).to_numpy()
        if name == "strd" and np.any((since >= 12) & np.isfinite(values)):
            return False
        if name == "ssrd" and _grows_all_day(times, values, since):
            return True
    return None


def _grows_all_day(times: pd.DatetimeIndex, values: F64, since: F64) -> bool:
    """Whether there is a whole day with light that never fades, as no day of hours is."""
    whole = pd.DataFrame({"value": values, "since": since}).groupby(_day_begins(times).to_numpy())
    for _, day in whole:
        if len(day) >= 8 and day["since"].iloc[0] <= 3 and day["since"].iloc[-1] == 24:
            return bool(day["value"].iloc[-1] > _tolerance(values))
    return False


# ------------------------------------------------------------------ quantities


def _quantities(table: pd.DataFrame) -> pd.DataFrame:
    """Our columns in our units."""
    frame = pd.DataFrame(index=table.index, columns=list(frames.COLUMNS), dtype=np.float64)
    ta = table["ta"].to_numpy(dtype=np.float64)
    frame["ta"] = ta
    frame["rh"] = air.relative_humidity(table["vapour"].to_numpy(dtype=np.float64), ta)
    frame["global_rad"] = table["ssrd"]
    if "fdir" in table:
        # The direct follows, normal to the beam, from the sun amid each step.
        frame["diffuse_rad"] = np.maximum(table["ssrd"] - table["fdir"], 0.0)
    if "strd" in table:
        frame["longwave_down"] = table["strd"]
    if "ws" in table:
        frame["ws"] = table["ws"]
        u, v = (table[name].to_numpy(dtype=np.float64) for name in ("u10", "v10"))
        frame["wind_direction"] = air.wind(u, v)[1]
    if "sp" in table:
        frame["pressure"] = table["sp"] / 100.0
    return frame
